import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { begin, fail, finish, initiate, itemsAt, scanState } from '../../src/scans/state.ts'
import { BOOK, scratch } from './scratch.ts'

it('goes from initiated over processing to nothing, in the files of DIBS', async () => {
  const { processDir } = scratch().options
  expect(await scanState(processDir, BOOK)).toEqual({ kind: 'none' })
  await initiate(processDir, BOOK)
  await initiate(processDir, BOOK)
  expect(await readdir(processDir)).toEqual([`${BOOK}-initiated`])
  expect(await scanState(processDir, BOOK)).toEqual({ kind: 'initiated' })
  await begin(processDir, BOOK)
  expect(await readdir(processDir)).toEqual([`${BOOK}-processing`])
  expect(await scanState(processDir, BOOK)).toEqual({ kind: 'processing' })
  await finish(processDir, BOOK)
  expect(await readdir(processDir)).toEqual([])
})

it('keeps a problem until the next run begins', async () => {
  const { processDir } = scratch().options
  await begin(processDir, BOOK)
  await fail(processDir, BOOK, 'p3.tif is damaged.')
  expect(await readdir(processDir)).toEqual([`${BOOK}-problem`])
  expect(await scanState(processDir, BOOK)).toEqual({
    kind: 'problem',
    reason: 'p3.tif is damaged.',
  })
  await initiate(processDir, BOOK)
  expect(await scanState(processDir, BOOK)).toEqual({ kind: 'initiated' })
  await begin(processDir, BOOK)
  expect(await readdir(processDir)).toEqual([`${BOOK}-processing`])
})

it('keeps a wish that comes while the item is being processed', async () => {
  const { processDir } = scratch().options
  await begin(processDir, BOOK)
  await initiate(processDir, BOOK)
  expect(await scanState(processDir, BOOK)).toEqual({ kind: 'processing' })
  await finish(processDir, BOOK)
  expect(await scanState(processDir, BOOK)).toEqual({ kind: 'initiated' })
})

it('lists the barcodes at a stage and no other names', async () => {
  const { processDir } = scratch().options
  await initiate(processDir, BOOK)
  for (const name of [
    '-initiated',
    'a b-initiated',
    '.x-initiated',
    'B2-initiated',
    'B3-problem',
  ]) {
    await writeFile(join(processDir, name), '')
  }
  expect(await itemsAt(processDir, 'initiated')).toEqual([BOOK, 'B2'])
})
