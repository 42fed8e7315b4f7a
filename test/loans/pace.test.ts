import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE, SECOND } from '../../src/clock.ts'
import { createPace } from '../../src/loans/pace.ts'

const USUAL = { burst: 600, perSecond: 40, pagesPerHour: 300 }
const LOAN = 7

function paceAt(limits = USUAL) {
  const time = { now: 1_000 }
  return { time, pace: createPace(limits, () => time.now) }
}

describe('the pace of a reader', () => {
  it('1.8 bulk download: is met by nobody who reads on a sharp screen with the next page fetched ahead', () => {
    const { pace, time } = paceAt()
    for (let page = 1; page < 300; page++, time.now += 2 * SECOND) {
      for (let tile = 0; tile < 52; tile++) {
        expect(pace.take(LOAN, tile < 26 ? page : page + 1)).toEqual({ kind: 'allowed' })
      }
    }
  })

  it('slows a program down after a burst to so many requests a second', () => {
    const { pace, time } = paceAt()
    let taken = 0
    while (pace.take(LOAN, 1).kind === 'allowed') taken++
    expect(taken).toBe(600)
    expect(pace.take(LOAN, 1)).toMatchObject({ limit: 'requests', retryAfterS: 1 })
    for (let second = 0; second < 60; second++) {
      time.now += SECOND
      while (pace.take(LOAN, 1).kind === 'allowed') taken++
    }
    expect(taken).toBe(600 + 60 * 40)
  })

  it('is one for each loan', () => {
    const { pace } = paceAt({ ...USUAL, burst: 1 })
    expect(pace.take(1, 1).kind).toBe('allowed')
    expect(pace.take(1, 1).kind).toBe('too-fast')
    expect(pace.take(2, 1).kind).toBe('allowed')
  })

  it('lets no more than so many different pages through in any hour, and says how long to wait', () => {
    const { pace, time } = paceAt()
    for (let page = 1; page <= 300; page++, time.now += SECOND) {
      expect(pace.take(LOAN, page).kind).toBe('allowed')
    }
    expect(pace.take(LOAN, 301)).toMatchObject({ limit: 'pages', retryAfterS: 3_300 })
    expect(pace.take(LOAN, 300).kind).toBe('allowed')
    expect(pace.take(LOAN, undefined).kind).toBe('allowed')
    time.now += 55 * MINUTE
    expect(pace.take(LOAN, 301).kind).toBe('allowed')
    expect(pace.take(LOAN, 302).kind).toBe('too-fast')
  })

  it('counts a page from the last time that it was read', () => {
    const { pace, time } = paceAt({ ...USUAL, pagesPerHour: 2 })
    const readings = [
      [0, 1],
      [1, 2],
      [30, 1],
      [31, 1],
    ] as const
    for (const [minute, page] of readings) {
      time.now = minute * MINUTE
      expect(pace.take(LOAN, page).kind).toBe('allowed')
    }
    time.now = 61 * MINUTE
    expect(pace.take(LOAN, 3).kind).toBe('allowed')
    expect(pace.take(LOAN, 4)).toMatchObject({ limit: 'pages', retryAfterS: 30 * 60 })
    expect(pace.take(LOAN, 1).kind).toBe('allowed')
    time.now = 91 * MINUTE
    expect(pace.take(LOAN, 4)).toMatchObject({ limit: 'pages', retryAfterS: 30 * 60 })
  })

  it('counts a page that is read all the time once', () => {
    const { pace, time } = paceAt({ ...USUAL, pagesPerHour: 2 })
    for (let minute = 0; minute < 120; minute++, time.now += MINUTE) {
      expect(pace.take(LOAN, 1).kind).toBe('allowed')
    }
    expect(pace.take(LOAN, 2).kind).toBe('allowed')
    expect(pace.take(LOAN, 3).kind).toBe('too-fast')
  })

  it('is news once an hour, for each limit', () => {
    const { pace, time } = paceAt({ burst: 3, perSecond: 1, pagesPerHour: 1 })
    pace.take(LOAN, 1)
    expect(pace.take(LOAN, 2)).toMatchObject({ limit: 'pages', isNews: true })
    expect(pace.take(LOAN, 2)).toMatchObject({ limit: 'pages', isNews: false })
    expect(pace.take(LOAN, 1)).toMatchObject({ limit: 'requests', isNews: true })
    expect(pace.take(LOAN, 1)).toMatchObject({ limit: 'requests', isNews: false })
    time.now += HOUR
    for (let n = 0; n < 3; n++) pace.take(LOAN, undefined)
    expect(pace.take(LOAN, 1)).toMatchObject({ limit: 'requests', isNews: true })
  })
})
