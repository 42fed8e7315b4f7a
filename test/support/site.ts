import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import { onTestFinished } from 'vitest'
import type { Db } from '../../src/db/open.ts'
import type { Barcode } from '../../src/ids.ts'
import { parseItemDraft } from '../../src/items/draft.ts'
import { itemsIn } from '../../src/items/items.ts'
import type { Lsp } from '../../src/lsp/lsp.ts'
import { peopleIn } from '../../src/people/people.ts'
import { convertScans } from '../../src/scans/convert.ts'
import { startServer } from '../../src/server.ts'
import { loadSettings, type Settings } from '../../src/settings.ts'
import type { RemoteOptions } from '../../src/sources/remote.ts'
import { type TestClock, testClock } from './clock.ts'
import { testFolder } from './folder.ts'
import { freePort } from './free-port.ts'
import { barcode, openTestDb, patron } from './lending.ts'
import { paintScans } from './paint.ts'

export interface Site {
  readonly url: string
  readonly settings: Settings
  readonly db: Db
  readonly clock: TestClock
  /** Lines of the log so far. */
  readonly log: { msg: string; [key: string]: unknown }[]
  /** All that it answers: method and path. */
  readonly routes: readonly { readonly method: string; readonly path: string }[]
  sweep(): Promise<void>
  deliver(): Promise<void>
  /** Sends a request as the front server would, for this person or for nobody. */
  as(name: string | undefined, path: string, init?: RequestInit): Promise<Response>
  /** Sends a form from a page of the site. */
  post(name: string | undefined, path: string, fields?: Record<string, string>): Promise<Response>
  /** Adds a ready item whose scans are coloured pages. */
  addItem(
    name: string,
    options?: {
      pages?: number
      copies?: number
      hours?: string
      ready?: boolean
      convert?: boolean
    },
  ): Promise<Barcode>
  stop(): Promise<void>
}

/** A whole Carrel on a free port of loopback, in a folder of its own; `lee` is on the staff. */
export async function startSite(
  options: {
    ini?: string
    folder?: string
    clock?: TestClock
    processDir?: string
    lsp?: Lsp
    images?: Partial<RemoteOptions>
    /** It outlives the test: whoever starts it stops it, and names the folder. */
    shared?: boolean
    /** BASE_URL, where a front server stands before it. */
    baseUrl?: string
  } = {},
): Promise<Site> {
  const folder = options.folder ?? testFolder()
  const clock = options.clock ?? testClock()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const file = join(folder, 'settings.ini')
  writeFileSync(
    file,
    `[carrel]\nBASE_URL = ${options.baseUrl ?? url}\nPORT = ${port}\nPROCESS_DIR = ${options.processDir ?? 'processing'}\nTIME_ZONE = Europe/Zurich\n${options.ini ?? ''}\n`,
  )
  const reading = loadSettings({ file, env: {} })
  if (reading.kind === 'faults') throw new Error(reading.faults.join('\n'))
  const { settings } = reading
  const lines: Site['log'] = []
  const log = pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) })
  const db = openTestDb(settings.databaseFile)
  peopleIn(db).addStaff(patron('lee'))
  const server = await startServer({
    settings,
    db,
    clock,
    log,
    monotonic: () => clock.now(),
    ...(options.images && { images: options.images }),
    coverPaceMs: 0,
    ...(options.lsp && { lsp: { kind: 'lsp', lsp: options.lsp } }),
  })
  let running = true
  const stop = async () => {
    if (running) await server.stop()
    running = false
  }
  if (!options.shared) onTestFinished(stop)
  const send = (name: string | undefined, path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, {
      redirect: 'manual',
      ...init,
      headers: { ...(name === undefined ? {} : { REMOTE_USER: name }), ...init.headers },
    })
  return {
    url,
    settings,
    db,
    clock,
    log: lines,
    routes: server.routes,
    sweep: server.sweep,
    deliver: server.deliver,
    stop,
    as: send,
    post: (name, path, fields = {}) =>
      send(name, path, {
        method: 'POST',
        body: new URLSearchParams(fields),
        headers: { origin: url },
      }),
    async addItem(name, { pages = 2, copies = 1, hours = '2', ready = true, convert = true } = {}) {
      const item = barcode(name)
      const draft = parseItemDraft({
        barcode: name,
        title: `Title of ${name}`,
        author: 'A. N. Author',
        copies: String(copies),
        loanHours: hours,
      })
      if (draft.kind === 'faults') throw new Error(JSON.stringify(draft.faults))
      itemsIn(db).add(draft.draft, clock.now())
      itemsIn(db).setReady(item, ready)
      if (convert) {
        await paintScans(settings.scansDir, item, pages)
        const result = await convertScans(item, { ...settings, presentation: 3, clock })
        if (result.kind !== 'converted') throw new Error(JSON.stringify(result))
      }
      return item
    },
  }
}

export function manifestFile({ settings }: Pick<Site, 'settings'>, item: string): string {
  return join(settings.manifestDir, `${item}-manifest.json`)
}

export function manifestOf(site: Pick<Site, 'settings'>, item: string): string {
  return readFileSync(manifestFile(site, item), 'utf8')
}

export { freePort }
