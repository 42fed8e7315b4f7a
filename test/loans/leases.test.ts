import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE, SECOND } from '../../src/clock.ts'
import { leasedPace } from '../../src/loans/leased-pace.ts'
import { createLeases } from '../../src/loans/leases.ts'
import { createPace } from '../../src/loans/pace.ts'

const USUAL = { burst: 600, perSecond: 40, pagesPerHour: 300 }
const LOAN = 7

/** Processes with the pace of readers in common, as over a channel that takes its time. */
function processes(count: number, limits = USUAL) {
  const time = { now: 1_000 }
  const leases = createLeases(
    createPace(limits, () => time.now),
    count,
  )
  let questions = 0
  const paces = Array.from({ length: count }, (_, holder) =>
    leasedPace(
      async (question) => {
        questions++
        await new Promise(setImmediate)
        return leases.ask(holder, question)
      },
      () => time.now,
    ),
  )
  /** Requests of one loan, of the pages in turn and by each process in turn, all at once. */
  async function ask(requests: number, pages: readonly number[] = [1]) {
    const answers = await Promise.all(
      Array.from({ length: requests }, (_, n) =>
        paces[n % count]?.take(LOAN, pages[Math.floor(n / count) % pages.length]),
      ),
    )
    return answers.filter((answer) => answer?.kind === 'allowed').length
  }
  return { time, leases, paces, ask, questions: () => questions }
}

describe('the pace of a reader in several processes', () => {
  it.each([1, 2, 8])('is not multiplied by %i processes, at once or in time', async (count) => {
    const { ask, time } = processes(count)
    let taken = await ask(2_000)
    expect(taken).toBeLessThanOrEqual(600)
    expect(taken).toBeGreaterThan(450)
    for (let second = 0; second < 30; second++) {
      time.now += SECOND
      taken += await ask(200)
    }
    expect(taken).toBeLessThanOrEqual(600 + 30 * 40)
    expect(taken).toBeGreaterThan(450 + 30 * 35)
    time.now += HOUR
    expect(await ask(2_000)).toBeLessThanOrEqual(600)
  })

  it('asks about a page once in ten minutes, and not about each tile', async () => {
    const { ask, questions, time } = processes(2)
    expect(await ask(40)).toBe(40)
    expect(questions()).toBe(2)
    expect(await ask(20)).toBe(20)
    expect(questions()).toBe(2)
    time.now += 10 * MINUTE
    expect(await ask(20)).toBe(20)
    expect(questions()).toBe(4)
  })

  it('gives each process its part where the burst is small', async () => {
    const { ask } = processes(2, { ...USUAL, burst: 5, perSecond: 0.1 })
    expect(await ask(5)).toBe(5)
    expect(await ask(5)).toBe(0)
  })

  it('lets the same pages through whichever process is asked, and no more', async () => {
    const { paces, time } = processes(2, { ...USUAL, pagesPerHour: 2 })
    const [one, other] = paces
    expect((await one?.take(LOAN, 1))?.kind).toBe('allowed')
    expect((await other?.take(LOAN, 2))?.kind).toBe('allowed')
    expect(await other?.take(LOAN, 3)).toMatchObject({ limit: 'pages', isNews: true })
    expect(await one?.take(LOAN, 3)).toMatchObject({ limit: 'pages', isNews: false })
    expect((await other?.take(LOAN, 1))?.kind).toBe('allowed')
    expect((await one?.take(LOAN, undefined))?.kind).toBe('allowed')
    time.now += HOUR
    expect((await one?.take(LOAN, 3))?.kind).toBe('allowed')
  })

  it('is asked some times a second by a program that goes on regardless', async () => {
    const { ask, questions, time } = processes(1, { ...USUAL, burst: 1, perSecond: 0.1 })
    await ask(1)
    const before = questions()
    for (let ms = 0; ms < SECOND; ms++, time.now++) expect(await ask(5)).toBe(0)
    expect(questions() - before).toBeLessThanOrEqual(20)
  })

  it('goes on when a process is gone with what it held', async () => {
    const { ask, leases, paces, time } = processes(2)
    await paces[0]?.take(LOAN, 1)
    leases.gone(0)
    time.now += MINUTE
    expect(await ask(2_000)).toBeGreaterThan(450)
  })
})
