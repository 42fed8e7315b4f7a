/// <reference lib="dom" />
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { browserForFile, pageDrawn } from '../support/browser.ts'
import { answer, type Script } from '../support/fault-upstream.ts'
import { type RemoteSite, remoteSite } from '../support/remote-site.ts'

const open = browserForFile()
const WORDS = 'The page images cannot be reached just now. They will appear here by themselves.'

/** Grey, in the size that is asked for; a height that is not said is that of a whole page. */
const draw: Script = async (socket, { target }) => {
  const [, w, h] = /\/(\d+),(\d*)\/0\/default\.jpg$/.exec(target) ?? []
  const [, rw = 2, rh = 3] = /\/\d+,\d+,(\d+),(\d+)\//.exec(target) ?? []
  const width = Number(w)
  const height = Number(h) || Math.round((width * Number(rh)) / Number(rw))
  const picture = sharp({ create: { width, height, channels: 3, background: '#ccc' } })
  socket.write(answer(await picture.jpeg().toBuffer()))
}

const notice = (page: Page) => page.getByRole('region', { name: 'Page images' })

async function reading(remote: RemoteSite): Promise<Page> {
  const page = await open(remote.site, 'ann')
  await page.goto('/view/A')
  return page
}

describe('4.1 down for an hour', () => {
  it('4.1 down for an hour: the viewer says so, and shows the page when the tiles are back', async () => {
    const remote = await remoteSite()
    remote.play(remote.faults['500'])
    const page = await reading(remote)
    await notice(page).waitFor()
    expect((await notice(page).innerText()).trim()).toBe(WORDS)
    expect(await page.locator('[data-status-line]').textContent()).toBe(WORDS)
    remote.play(draw)
    await pageDrawn(page)
    await notice(page).waitFor({ state: 'hidden' })
    expect(await page.locator('[data-status-line]').textContent()).toBe('The page images are back')
  })

  it('4.1 down for an hour: the same when not even info.json can be had', async () => {
    const remote = await remoteSite()
    remote.play(remote.faults['503'], remote.faults['503'])
    const page = await reading(remote)
    await notice(page).waitFor()
    remote.play(draw)
    remote.site.clock.t += 60_000
    await pageDrawn(page)
    await notice(page).waitFor({ state: 'hidden' })
    expect(await page.getByText('could not be loaded').isVisible(), 'the viewer’s own words').toBe(
      false,
    )
  })
})
