import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { itemsIn } from '../../src/items/items.ts'
import { access } from '../../src/loans/access.ts'
import { borrow } from '../../src/loans/borrow.ts'
import { testFolder } from '../support/folder.ts'
import { barcode, library, patron } from '../support/lending.ts'
import { IMAGE_HOST, smallManifest } from '../support/manifest.ts'
import { manifestFile, type Site, startSite } from '../support/site.ts'

async function siteOfItem(manifest: string | undefined): Promise<Site> {
  const site = await startSite({ ini: `IIIF_BASE_URL = ${IMAGE_HOST}` })
  await site.addItem('A', { convert: false })
  mkdirSync(site.settings.manifestDir, { recursive: true })
  if (manifest !== undefined) writeFileSync(manifestFile(site, 'A'), manifest)
  return site
}

const textOf = async (site: Site, who: string, path: string) => (await site.as(who, path)).text()

describe('the manifest of an item', () => {
  it('4.4 manifest missing: the pages say why; its address is 403 without a loan, 404 when all of it is lost', async () => {
    const site = await siteOfItem(undefined)
    expect(await textOf(site, 'ann', '/item/A')).toContain('not available')
    expect(await textOf(site, 'lee', '/list')).toContain('No scans yet')
    expect((await site.as('ann', '/manifests/A')).status).toBe(403)
    expect((await site.post('ann', '/loan', { barcode: 'A' })).status).toBe(409)
    writeFileSync(manifestFile(site, 'A'), smallManifest())
    expect((await site.post('ann', '/loan', { barcode: 'A' })).status).toBe(303)
    await site.stop()
    rmSync(manifestFile(site, 'A'))
    const folder = join(site.settings.file ?? '', '..')
    rmSync(join(folder, 'data/kept-manifests'), { recursive: true })
    const { clock } = site
    const again = await startSite({ folder, clock, ini: `IIIF_BASE_URL = ${IMAGE_HOST}` })
    expect((await again.as('ann', '/manifests/A')).status).toBe(404)
  })

  it.each<[string, string, RegExp]>([
    ['invalid JSON', '{"a": ', /half written|JSON/],
    ['not UTF-8', '\xff\xfe\xff', /UTF-8|JSON/],
    ['not an object', '[1]', /manifest/i],
    ['no canvases', smallManifest(0), /canvas/],
    [
      'unknown version',
      smallManifest().replace('presentation/3', 'presentation/9'),
      /version|context/i,
    ],
    ['depth 10 000', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, /deep/],
  ])(
    '4.4 manifest with %s: staff read the reason, nobody borrows, nothing is a fault',
    async (_, manifest, reason) => {
      const site = await siteOfItem(undefined)
      writeFileSync(manifestFile(site, 'A'), Buffer.from(manifest, 'latin1'))
      expect(await textOf(site, 'lee', '/list')).toMatch(reason)
      const ready = await site.post('lee', '/ready', { barcode: 'A', ready: 'yes' })
      expect([ready.status, await ready.text()]).toEqual([409, expect.stringMatching(reason)])
      const loan = await site.post('ann', '/loan', { barcode: 'A' })
      expect([loan.status, await loan.text()]).toEqual([
        409,
        expect.stringContaining('not available'),
      ])
      expect(site.log.map(({ msg }) => msg)).not.toContain('request.fault')
    },
  )
})

it.each(['../x', '%2e%2e', 'A B', '١٢٣', 'A\u200f', 'A'.repeat(10_000), '.', 'A/B', "A' or 1=1"])(
  '4.4 barcode odd: %j is no item, and reaches no file',
  async (odd) => {
    const site = await siteOfItem(smallManifest())
    const statuses = [
      (await site.post('ann', '/loan', { barcode: odd })).status,
      (await site.post('lee', '/update/add', { barcode: odd, title: 'T' })).status,
    ]
    expect(statuses).toEqual([404, 400])
    expect(readdirSync(site.settings.manifestDir)).toEqual(['A-manifest.json'])
  },
)

it('4.4 100,000 items: a loan check, a page of the list and a search take milliseconds', async () => {
  const { db, addItem, lending, clock } = library()
  const a = addItem('A')
  db.$client.exec(`
    with recursive n (i) as (select 1 union all select i + 1 from n where i < 100000)
    insert into items (barcode, title, author, copies, loan_hours, added_at)
    select 'B' || i, 'Title ' || i, 'Author ' || (i % 977), 1, 2, 0 from n`)
  await borrow(lending, a, patron('ann'), 'patron')
  const items = itemsIn(db)
  const milliseconds = (times: number, work: () => void) => {
    const before = process.threadCpuUsage()
    for (let n = 0; n < times; n++) work()
    const { user, system } = process.threadCpuUsage(before)
    return (user + system) / 1000 / times
  }
  expect(milliseconds(500, () => access({ ...lending, clock }, a, patron('ann')))).toBeLessThan(1)
  expect(milliseconds(50, () => items.page({ limit: 50, offset: 0 }))).toBeLessThan(10)
  expect(milliseconds(50, () => items.find(barcode('B77777')))).toBeLessThan(1)
})

it('4.4 thumbnail write: killed at any moment, a whole picture is there', async () => {
  const folder = testFolder()
  const durable = join(import.meta.dirname, '../../src/durable.ts')
  const program = `import { writeWhole } from '${durable}'
    for (let n = 0; ; n++) {
      await writeWhole('cover.jpg', Buffer.alloc(500_000, n % 256))
      if (n === 0) console.log('ready')
    }`
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    await pause(20 + 30 * round)
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
    const cover = readFileSync(join(folder, 'cover.jpg'))
    expect([cover.length, new Set(cover).size]).toEqual([500_000, 1])
  }
})
