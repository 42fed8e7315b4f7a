import { mkdirSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FRONTS, PROXY_SECRET } from '../support/front-server.ts'
import { type Asking, httpsClient } from '../support/https.ts'
import { spoofs, targets } from '../support/random-targets.ts'
import { manifestOfServices, PAGE, recordingImages } from '../support/recording-images.ts'
import { freePort, manifestFile, startSite } from '../support/site.ts'

const REQUESTS = 10_000
const CONNECTIONS = 8
/** The same requests each time; change it to see others. */
const SEED = 20261122

const PEOPLE = { ann: 'correct horse', bob: 'battery staple' }

const requests = fc.record({
  target: targets,
  who: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('ann', 'bob') }, fc.constant(undefined)),
  method: fc.oneof(
    { weight: 12, arbitrary: fc.constant('GET') },
    fc.constantFrom('HEAD', 'POST', 'OPTIONS'),
  ),
  headers: spoofs,
})
type Sent = typeof requests extends fc.Arbitrary<infer One> ? One : never

const asking = ({ who, method, headers }: Sent): Asking => ({
  method,
  headers,
  ...(who !== undefined && { as: `${who}:${PEOPLE[who as keyof typeof PEOPLE]}` }),
})

/** A Carrel whose image server records everything; ann has A on loan, bob B, and nobody C. */
async function libraryWithTwoLoans() {
  const images = await recordingImages()
  const site = await startSite({
    // The slowing down of who copies is not what is tried here.
    ini: `PROXY_SECRET = ${PROXY_SECRET}
      IIIF_BASE_URL = ${images.base}
      READ_BURST = 1000000
      READ_PER_SECOND = 1000000`,
  })
  mkdirSync(site.settings.manifestDir, { recursive: true })
  for (const name of ['A', 'B', 'C']) {
    await site.addItem(name, { convert: false })
    const services = [1, 2].map((n) => `${images.base}/${name.toLowerCase()}-${n}`)
    writeFileSync(manifestFile(site, name), JSON.stringify(manifestOfServices(services)))
  }
  const headers = { origin: site.url, 'x-carrel-proxy': PROXY_SECRET }
  for (const [name, barcode] of Object.entries({ ann: 'A', bob: 'B' })) {
    const body = new URLSearchParams({ barcode })
    expect((await site.as(name, '/loan', { method: 'POST', body, headers })).status).toBe(303)
  }
  return { site, images }
}

/** Width and height of what an upstream target asks for, and whether it shows most of the page. */
function asked(target: string) {
  const found = /^\/iiif\/[ab]-[12]\/(full|(\d+),(\d+),(\d+),(\d+))\/(\d+),(\d*)\/!?\d+\/\w+\.\w+$/
  const [, region, x, y, w, h, width, height] = found.exec(target) ?? []
  if (region === undefined) return undefined
  const cutWidth = region === 'full' ? PAGE.width : Math.min(Number(w), PAGE.width - Number(x))
  const cutHeight = region === 'full' ? PAGE.height : Math.min(Number(h), PAGE.height - Number(y))
  return {
    width: Number(width),
    height: height ? Number(height) : Math.round((Number(width) * cutHeight) / cutWidth),
    isMost: cutWidth > PAGE.width / 2 && cutHeight > PAGE.height / 2,
  }
}

it('1.2 front servers: of 10,000 random requests through nginx and Apache, the image server sees nothing but images on loan, within policy', async () => {
  const { site, images } = await libraryWithTwoLoans()
  const all = fc.sample(requests, { numRuns: REQUESTS, seed: SEED })
  const fronts = await Promise.all(
    Object.values(FRONTS).map(async (start) =>
      start('basic', { port: await freePort(), backend: site.url, people: PEOPLE }),
    ),
  )
  const wrong: unknown[] = []
  let pictures = 0
  await Promise.all(
    fronts.map(async (front, which) => {
      const left = all.filter((_, n) => n % fronts.length === which).values()
      const ask = httpsClient(front.url, CONNECTIONS)
      await Promise.all(
        Array.from({ length: CONNECTIONS }, async () => {
          for (const sent of left) {
            const { status, body } = await ask(sent.target, asking(sent))
            const [, shown] = /\/iiif\/(\w)-\d\//.exec(body.toString('latin1')) ?? []
            if (shown !== undefined) pictures++
            const own = sent.who?.charAt(0)
            if (status >= 500 || (shown !== undefined && shown !== own)) wrong.push(sent, status)
          }
        }),
      )
    }),
  )
  expect(wrong).toEqual([])
  expect(pictures, 'premise: many are answered').toBeGreaterThan(REQUESTS / 50)
  for (const target of new Set(images.targets)) {
    if (/^\/iiif\/[ab]-[12]\/info\.json$/.test(target)) continue
    const { width, height, isMost } = asked(target) ?? { width: Infinity, height: 0, isMost: true }
    expect(Math.max(width, height), target).toBeLessThanOrEqual(isMost ? 640 : 1024)
  }
})
