import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openDb } from '../../src/db/open.ts'
import { items } from '../../src/db/schema.ts'
import { convertScans } from '../../src/scans/convert.ts'
import { initiate, scanState } from '../../src/scans/state.ts'
import { BOOK, fill, page, scratch } from './scratch.ts'

/** A site with its own settings file, and the script to run in it. */
async function site() {
  const { root, options, scans } = scratch()
  const settings = join(root, 'settings.ini')
  await writeFile(
    settings,
    [
      '[carrel]',
      'BASE_URL = http://localhost:8080',
      `SCANS_DIR = ${options.scansDir}`,
      `IMAGES_DIR = ${options.imagesDir}`,
      `MANIFEST_DIR = ${options.manifestDir}`,
      `PROCESS_DIR = ${options.processDir}`,
      'DATABASE_FILE = carrel.db',
    ].join('\n'),
  )
  const start = (...args: string[]) => startScript(...args, '--settings', settings)
  return { root, options, scans, start, run: (...args: string[]) => outcome(start(...args)) }
}

function startScript(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, ['scripts/convert-scans.ts', ...args])
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

async function outcome(child: ChildProcess) {
  if (!child.stdout || !child.stderr) throw new Error('no pipes')
  const exit = new Promise<number | null>((ended) => child.once('exit', ended))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { status: await exit, out, err }
}

describe('npm run convert-scans', () => {
  it('converts, says what it did and what it left out, and exits 0', async () => {
    const { options, scans, run } = await site()
    await fill(scans, ['p1.jpg', 'p2.jpg', 'Thumbs.db'])
    const { status, out, err } = await run(BOOK)
    expect(err).toBe('2 of 2 pages, about 0 s left\n')
    expect(out).toMatch(/^35047019084201: converted 2 pages, [\d.]+ MB, in [\d.]+ s\.\n/)
    expect(out).toMatch(/Left out: Thumbs\.db\n$/)
    expect(status).toBe(0)
    expect(existsSync(join(options.manifestDir, `${BOOK}-manifest.json`))).toBe(true)
  })

  it('names the file of a problem in one line, writes it down, and exits 1', async () => {
    const { options, scans, run } = await site()
    await fill(scans, ['p1.jpg', 'p3.jpg'])
    const reason = 'p2 is missing between p1.jpg and p3.jpg.'
    expect(await run(BOOK)).toEqual({ status: 1, out: '', err: `${reason}\n` })
    expect(await readFile(join(options.processDir, `${BOOK}-problem`), 'utf8')).toBe(`${reason}\n`)
    const { out } = await run(BOOK, '--json')
    expect(JSON.parse(out)).toEqual({ barcode: BOOK, kind: 'problem', reason })
  })

  it('takes what is known of the item from the database, and clears earlier images away', async () => {
    const { root, options, scans, run } = await site()
    const opening = openDb(join(root, 'carrel.db'))
    if (opening.kind === 'refused') throw new Error(opening.reason)
    const item = {
      barcode: BOOK,
      title: 'Poems',
      author: 'A. Y.',
      copies: 1,
      loanHours: 2,
      addedAt: 0,
    }
    opening.db.insert(items).values(item).run()
    opening.db.$client.close()
    await fill(scans, ['p1.jpg'])
    await run(BOOK)
    const runs: string[] = []
    for (let again = 0; again < 2; again++) {
      const { out } = await run(BOOK, '--json', '--presentation', '2')
      runs.push(JSON.parse(out).version)
    }
    expect(await readdir(join(options.imagesDir, BOOK)), 'the newest two').toEqual(runs)
    const manifest = await readFile(join(options.manifestDir, `${BOOK}-manifest.json`), 'utf8')
    expect(JSON.parse(manifest)).toMatchObject({ '@type': 'sc:Manifest', label: 'Poems' })
  })

  it('exits 2 for wrong use, 1 for wrong settings, 0 for help', async () => {
    const wrong = [[], ['../x'], ['1', '--presentation', '4']]
    const both = [...wrong, ['--watch', '1']].map((args) => outcome(startScript(...args)))
    for (const { status, out, err } of await Promise.all(both)) {
      expect({ status, out }, err).toEqual({ status: 2, out: '' })
      expect(err).toMatch(/See --help/)
    }
    const missing = await outcome(startScript('1', '--settings', '/nowhere/settings.ini'))
    expect(missing).toMatchObject({ status: 1, err: expect.stringMatching(/no such file/) })
    const help = await outcome(startScript('--help'))
    expect(help).toMatchObject({ status: 0, err: '', out: expect.stringMatching(/--watch/) })
  })

  it('4.4 conversion killed: shows nothing half-way, and run again finishes', async () => {
    const { options, scans, start } = await site()
    const large = await page(1500, 2000).png({ compressionLevel: 1 }).toBuffer()
    await fill(
      scans,
      Array.from({ length: 12 }, (_, n) => [`p${n + 1}.png`, large] as const),
    )
    const child = start(BOOK)
    const partial = join(options.imagesDir, '.partial', BOOK)
    while (!existsSync(partial) || (await readdir(partial)).length < 3) await sleep(5)
    const busy = await convertScans(BOOK, options)
    expect(busy).toEqual({ kind: 'busy', pid: child.pid })
    child.kill('SIGKILL')
    expect((await outcome(child)).status, 'needs to be killed before it is done').toBeNull()
    expect((await readdir(partial)).length).toBeGreaterThan(0)
    expect(existsSync(join(options.imagesDir, BOOK))).toBe(false)
    expect(existsSync(options.manifestDir)).toBe(false)
    expect(await scanState(options.processDir, BOOK)).toEqual({ kind: 'processing' })

    expect(await convertScans(BOOK, options)).toMatchObject({ kind: 'converted', pages: 12 })
    expect(await readdir(join(options.imagesDir, '.partial'))).toEqual([])
    expect(await readdir(options.processDir)).toEqual([])
    expect(await readdir(options.manifestDir)).toEqual([`${BOOK}-manifest.json`])
  })

  it('--watch takes up what is initiated until it is told to stop', async () => {
    const { options, scans, start } = await site()
    await mkdir(options.processDir)
    await fill(scans, ['p1.jpg'])
    await initiate(options.processDir, BOOK)
    const child = start('--watch')
    const manifest = join(options.manifestDir, `${BOOK}-manifest.json`)
    while (!existsSync(manifest)) await sleep(10)
    child.kill('SIGTERM')
    const { status, out } = await outcome(child)
    expect(status).toBe(0)
    expect(out).toMatch(/"msg":"scans.converted"/)
    expect(await scanState(options.processDir, BOOK)).toEqual({ kind: 'none' })
  })
})
