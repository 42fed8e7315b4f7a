import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Nothing that a browser does by itself may reach another host. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Starts a browser; without one, throws and says what to install. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = CHROMIUM.find(existsSync)
  if (executablePath === undefined) {
    throw new Error('this needs Chromium: apt-get install chromium')
  }
  return chromium.launch({ executablePath, args: ARGUMENTS })
}
