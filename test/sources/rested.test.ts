import { describe, expect, it } from 'vitest'
import type { Log } from '../../src/log.ts'
import { rested } from '../../src/sources/rested.ts'
import type { PixelsAnswer, Source, SourceFault } from '../../src/sources/source.ts'

const DOWN: SourceFault = { kind: 'unreachable', detail: { host: 'a' } }
const MISSING: SourceFault = { kind: 'not-found', detail: { host: 'a' } }
const image = (host: string) => ({ kind: 'service', id: `http://${host}/x`, api: 2 }) as const

/** A source whose every answer is given by hand. */
function byHand() {
  let now = 1
  let answers = (): Promise<PixelsAnswer> => Promise.resolve(DOWN)
  const asked: string[] = []
  const lines: unknown[] = []
  const inner: Source = {
    info: async () => MISSING,
    pixels: ({ id }) => {
      asked.push(id)
      return answers()
    },
  }
  const log = {
    info: (line: unknown, event: string) => lines.push([event, line]),
  } as unknown as Log
  const source = rested(inner, { log, monotonic: () => now })
  return {
    asked,
    lines,
    later: (ms: number) => {
      now += ms
    },
    give: (answer: () => Promise<PixelsAnswer>) => {
      answers = answer
    },
    ask: async (host = 'a') => (await source.pixels(image(host), 'p')).kind,
  }
}

describe('4.1 breaker', () => {
  it('4.1 breaker: rests after five failures in ten seconds, each server by itself', async () => {
    const { ask, asked, later } = byHand()
    for (let n = 0; n < 5; n++) {
      expect(await ask()).toBe('unreachable')
      later(2_400)
    }
    later(-2_400)
    expect(await ask()).toBe('resting')
    expect(await ask('b')).toBe('unreachable')
    expect(asked).toHaveLength(6)
  })

  it('4.1 breaker: five failures in a longer time are none of its business', async () => {
    const { ask, later } = byHand()
    for (let n = 0; n < 20; n++) {
      expect(await ask()).toBe('unreachable')
      later(2_501)
    }
  })

  it('4.1 breaker: lets one try after the rest, and the others wait for that one', async () => {
    const { ask, give, later, lines } = byHand()
    for (let n = 0; n < 5; n++) await ask()
    expect(await ask()).toBe('resting')
    later(5_000)
    const trying = Promise.withResolvers<PixelsAnswer>()
    give(() => trying.promise)
    const tried = ask()
    expect(await ask()).toBe('resting')
    give(async () => MISSING)
    trying.resolve(MISSING)
    expect(await tried).toBe('not-found')
    expect(await ask()).toBe('not-found')
    expect(lines).toEqual([['upstream.back', { host: 'a', downS: 5 }]])
  })

  it('4.1 breaker: an image that stops half way is a failure, one that nobody wants is not', async () => {
    const { ask, give } = byHand()
    const coming = (whole: () => Promise<SourceFault>) => async (): Promise<PixelsAnswer> => ({
      kind: 'coming',
      type: 'image/jpeg',
      width: 9,
      height: 9,
      flow: { length: undefined, part: async () => 'broken' },
      whole: whole(),
      leave() {},
    })
    give(coming(() => Promise.reject(new Error('went away'))))
    for (let n = 0; n < 6; n++) expect(await ask()).toBe('coming')
    give(coming(async () => ({ kind: 'timeout', detail: { host: 'a' } })))
    for (let n = 0; n < 5; n++) expect(await ask()).toBe('coming')
    expect(await ask()).toBe('resting')
  })
})
