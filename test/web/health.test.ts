import { describe, expect, it } from 'vitest'
import { MINUTE } from '../../src/clock.ts'
import { startSite } from '../support/site.ts'

const TOKEN = 'a-token-for-the-tests'
const withToken = { headers: { authorization: `Bearer ${TOKEN}` } }

describe('the health of the server', () => {
  it('is 204 for anybody, and tells nothing else', async () => {
    const site = await startSite()
    const answer = await site.as(undefined, '/healthz')
    expect([answer.status, await answer.text()]).toEqual([204, ''])
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect((await site.as(undefined, '/healthz', { method: 'POST' })).status).not.toBe(204)
  })

  it('is red while nothing can be recorded, tells who has the token why, and recovers by itself', async () => {
    const site = await startSite({ ini: `METRICS_TOKEN = ${TOKEN}` })
    expect(await (await site.as(undefined, '/readyz', withToken)).json()).toEqual({
      ready: true,
      faults: [],
    })
    site.db.$client.pragma('query_only = ON')
    site.clock.t += 2 * MINUTE
    await expect(site.sweep()).rejects.toThrow()
    const sick = await site.as(undefined, '/readyz', withToken)
    expect(sick.status).toBe(503)
    expect(await sick.json()).toEqual({
      ready: false,
      faults: ['nothing could be recorded for 120 seconds'],
    })
    expect((await site.as(undefined, '/healthz')).status).toBe(503)
    site.db.$client.pragma('query_only = OFF')
    await site.sweep()
    expect((await site.as(undefined, '/healthz')).status).toBe(204)
  })

  it('is red while the clock is behind', async () => {
    const site = await startSite({ ini: `METRICS_TOKEN = ${TOKEN}` })
    site.clock.t -= 6 * MINUTE
    const sick = await (await site.as(undefined, '/readyz', withToken)).json()
    expect(sick.faults).toEqual(['the clock was set back: nothing is lent until it has caught up'])
  })
})

describe('the numbers of the server', () => {
  it.each(['/metrics', '/readyz'])(
    '%s is nothing without a token in the settings',
    async (path) => {
      const site = await startSite()
      expect((await site.as('lee', path, withToken)).status).toBe(404)
    },
  )

  it.each(['/metrics', '/readyz'])('%s is for who sends the token, staff or not', async (path) => {
    const site = await startSite({ ini: `METRICS_TOKEN = ${TOKEN}` })
    for (const authorization of ['', TOKEN, `Bearer ${TOKEN}x`, `Basic ${TOKEN}`]) {
      const answer = await site.as('lee', path, { headers: { authorization } })
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    }
    expect((await site.as(undefined, path, withToken)).status).toBe(200)
  })

  it('1.7 metrics: count answers by pattern and status, and name no item and no patron', async () => {
    const site = await startSite({ ini: `METRICS_TOKEN = ${TOKEN}` })
    await site.addItem('CANARYBARCODE')
    await site.post('canary-patron', '/loan', { barcode: 'CANARYBARCODE' })
    await site.as('canary-patron', '/manifests/CANARYBARCODE')
    const tile = '/iiif/CANARYBARCODE/1/0,0,512,512/256,/0/default.jpg'
    expect((await site.as('canary-patron', tile)).status).toBe(200)
    await site.as('canary-patron', '/canary-nothing')
    const text = await (await site.as(undefined, '/metrics', withToken)).text()
    expect(text).toMatch(/^carrel_open_loans 1$/m)
    expect(text).toMatch(/^carrel_items 1$/m)
    expect(text).toMatch(/^carrel_tile_cache_images 1$/m)
    expect(text).toMatch(/^carrel_tile_cache_bytes [1-9]\d{3,}$/m)
    expect(text).toMatch(/^carrel_answers_total\{route="\/manifests\/:barcode",status="200"\} 1$/m)
    expect(text).toMatch(/^carrel_answers_total\{route="\/iiif\/[^"]*",status="200"\} 1$/m)
    expect(text).toMatch(/status="404"\} 1$/m)
    expect(text).toMatch(/^process_resident_memory_bytes \d/m)
    expect(text.toLowerCase()).not.toContain('canary')
  })
})
