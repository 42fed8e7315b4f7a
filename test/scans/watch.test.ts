import { access, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import type { Barcode } from '../../src/ids.ts'
import { takeLock } from '../../src/lock.ts'
import { type Conversion, convertScans } from '../../src/scans/convert.ts'
import { begin, initiate, scanState } from '../../src/scans/state.ts'
import { watchScans } from '../../src/scans/watch.ts'
import { fill, scratch } from './scratch.ts'

const [A, B, C] = ['A1', 'B2', 'C3'] as [Barcode, Barcode, Barcode]

function watching(convert?: (barcode: Barcode) => Promise<Conversion>) {
  const { options } = scratch()
  const { processDir, imagesDir } = options
  const stop = new AbortController()
  const events: unknown[] = []
  const note = (_: unknown, event?: string) => {
    events.push(event)
  }
  const log = { debug: note, info: note, warn: note, error: note }
  const start = () => {
    const ended = watchScans({
      processDir,
      imagesDir,
      convert: convert ?? ((barcode) => convertScans(barcode, options)),
      log,
      signal: stop.signal,
      pollMs: 10,
    })
    onTestFinished(async () => {
      stop.abort()
      await ended
    })
    return ended
  }
  return { options, stop, events, start }
}

async function until(hope: () => Promise<boolean>): Promise<void> {
  while (!(await hope())) await sleep(10)
}

it('takes up whatever is asked for, one after another, past items with problems', async () => {
  const { options, events, start, stop } = watching()
  await fill(join(options.scansDir, A), ['p1.jpg', 'p3.jpg'])
  await fill(join(options.scansDir, B), ['p1.jpg', 'p2.jpg'])
  await initiate(options.processDir, A)
  await initiate(options.processDir, B)
  const ended = start()
  await until(async () => (await scanState(options.processDir, B)).kind === 'none')
  await access(join(options.manifestDir, `${B}-manifest.json`))
  expect(await scanState(options.processDir, A)).toEqual({
    kind: 'problem',
    reason: 'p2 is missing between p1.jpg and p3.jpg.',
  })
  await fill(join(options.scansDir, C), ['p1.jpg'])
  await initiate(options.processDir, C)
  await until(async () => events.length >= 3)
  stop.abort()
  await ended
  expect(events).toEqual(['scans.problem', 'scans.converted', 'scans.converted'])
})

it('survives a fault of one item and a folder that is not there', async () => {
  const { options, events, start } = watching(async (barcode) => {
    await begin(options.processDir, barcode)
    throw new Error('disk full')
  })
  start()
  await until(async () => events.includes('scans.watch.fault'))
  await initiate(options.processDir, A)
  await until(async () => events.includes('scans.fault'))
})

it('4.4 conversion killed: is said so at the next start, and not where one is still at it', async () => {
  const { options, events, start } = watching()
  await begin(options.processDir, A)
  await begin(options.processDir, B)
  const lock = takeLock(options.imagesDir, B)
  if (lock.kind === 'busy') throw new Error('needs the lock')
  start()
  await until(async () => events.includes('scans.cut-off'))
  expect(await scanState(options.processDir, A)).toEqual({
    kind: 'problem',
    reason: 'The conversion was cut off before its end: start it again.',
  })
  await sleep(50)
  expect(await scanState(options.processDir, B)).toEqual({ kind: 'processing' })
  lock.release()
})

it('stopped, finishes what it is at and takes up no more', async () => {
  const taken: Barcode[] = []
  const { options, start, stop } = watching(async (barcode) => {
    taken.push(barcode)
    stop.abort()
    await sleep(50)
    await writeFile(join(options.processDir, 'finished'), '')
    return { kind: 'busy', pid: 1 }
  })
  await initiate(options.processDir, A)
  await initiate(options.processDir, B)
  await start()
  expect(taken).toEqual([A])
  await access(join(options.processDir, 'finished'))
})
