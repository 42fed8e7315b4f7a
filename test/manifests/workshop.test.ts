import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { imageBases } from '../../src/manifests/bases.ts'
import { readFacts, rewriteBytes } from '../../src/manifests/work.ts'
import { manifestWorkshop } from '../../src/manifests/workshop.ts'
import { manifestOf } from '../bench/reading/library.ts'

const IMAGES = 'https://iiif.example.edu'
const RULES = { bases: imageBases([`${IMAGES}/iiif`]), largestView: 640, allowedLinks: [] }
const URLS = {
  manifestUrl: 'https://lend.example/manifests/A',
  imagesUrl: 'https://lend.example/iiif/A',
}
const manifest = (pages: number) => Buffer.from(JSON.stringify(manifestOf(IMAGES, 'A', pages)))

describe('the workshop for manifests', () => {
  it.each([
    ['small', 3],
    ['large', 3_000],
  ])('reads and rewrites a %s one as is done in one go', async (_, pages) => {
    const bytes = manifest(pages)
    const workshop = manifestWorkshop(RULES)
    expect(await workshop.read(bytes)).toEqual(readFacts(bytes, RULES))
    const made = await workshop.rewrite(bytes, URLS)
    const here = await rewriteBytes({ step: 'rewrite', bytes, rules: RULES, ...URLS })
    expect(made.etag).toBe(here.etag)
    for (const form of ['bytes', 'gzip', 'brotli'] as const) {
      expect(Buffer.isBuffer(made[form]) && made[form].equals(here[form]), form).toBe(true)
    }
    expect(gunzipSync(made.gzip).equals(made.bytes)).toBe(true)
    expect(brotliDecompressSync(made.brotli).equals(made.bytes)).toBe(true)
    expect(JSON.parse(made.bytes.toString()).sequences[0].canvases).toHaveLength(pages)
  })

  it('says of a large one that is not valid what is wrong', async () => {
    const text = manifest(3_000)
      .toString()
      .replaceAll('iiif.example.edu/iiif/A-7', 'evil.example/A-7')
    expect(await manifestWorkshop(RULES).read(Buffer.from(text))).toMatchObject({
      kind: 'invalid',
      reason: expect.stringContaining('evil.example'),
    })
  })

  it('lets nobody wait while a large one is read and rewritten', async () => {
    const bytes = manifest(3_000)
    const workshop = manifestWorkshop(RULES)
    await workshop.read(bytes)
    const longest: number[] = []
    for (let n = 0; n < 3; n++) {
      const work = async () => {
        await workshop.read(bytes)
        await workshop.rewrite(bytes, URLS)
      }
      longest.push(await longestTurnMs(work))
    }
    // In one go on this thread it is more than 200; garbage may be collected in between.
    expect(Math.min(...longest)).toBeLessThan(60)
  })
})

/** The longest time for which nothing else had its turn, in ms of this thread's processor time. */
async function longestTurnMs(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let before = process.threadCpuUsage()
  const turn = () => {
    const { user, system } = process.threadCpuUsage(before)
    longest = Math.max(longest, (user + system) / 1000)
    before = process.threadCpuUsage()
  }
  const timer = setInterval(turn, 1)
  await work()
  turn()
  clearInterval(timer)
  return longest
}
