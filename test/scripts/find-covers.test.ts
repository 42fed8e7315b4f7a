import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Fake, startFake } from '../support/fake.ts'
import { openTestDb } from '../support/lending.ts'
import { scriptFolder } from '../support/scripts.ts'

let fake: Fake
beforeAll(async () => {
  fake = await startFake('covers')
})
afterAll(() => fake.stop())

it('looks for the covers that are missing, and for a deleted one only when it is named', async () => {
  const ini = `COVERS = openlibrary\nOPEN_LIBRARY_URL = ${fake.url}\nTHUMBNAILS_DIR = covers`
  const { folder, database, run } = scriptFolder(ini)
  for (const item of ['A', 'B']) {
    await run('items', 'add', item, '--title', item, '--isbn', '9780000000019')
  }
  await run('items', 'add', 'C', '--title', 'without ISBN')
  const db = openTestDb(database).$client
  db.prepare("insert into audit (at, staff, act, barcode) values (1, 'lee', ?, 'B')").run(
    'delete-cover',
  )
  const out = 'A: found at Open Library\n1 found, 0 not, 0 without an answer\n'
  expect(await run('find-covers')).toEqual({ code: 0, out, err: '' })
  expect(['A', 'B'].map((item) => existsSync(join(folder, 'covers', `${item}.jpg`)))).toEqual([
    true,
    false,
  ])
  await fake.fault('429')
  expect(await run('find-covers', 'B')).toMatchObject({
    code: 1,
    out: expect.stringContaining('B: no answer from Open Library'),
  })
  await fake.fault('')
  expect(await run('find-covers', 'B')).toMatchObject({
    code: 0,
    out: expect.stringContaining('B: found at Open Library'),
  })
  const acts = db.prepare("select barcode, detail from audit where act = 'look-for-cover'").raw()
  expect(acts.all()).toEqual([
    ['A', 'found at Open Library'],
    ['B', 'found at Open Library'],
  ])
  expect((await run('find-covers', 'Z')).code).toBe(1)
  expect((await run('find-covers', '../x')).code).toBe(2)
  expect(await scriptFolder('COVERS =').run('find-covers')).toMatchObject({
    code: 1,
    err: expect.stringContaining('COVERS names nobody'),
  })
})
