import pino from 'pino'
import { describe, expect, it } from 'vitest'
import type { Lsp, LspAnswer } from '../../src/lsp/lsp.ts'
import { patient } from '../../src/lsp/patient.ts'
import { rested } from '../../src/lsp/rested.ts'
import { barcode } from '../support/lending.ts'
import { RECORD, testLsp } from '../support/lsp.ts'

const FAULT: LspAnswer = { kind: 'unreachable', why: 'fault' }
const NUMBERS = Array.from({ length: 40 }, (_, n) => barcode(`B${n}`))

/** A platform behind its breaker, and somebody patient before it; waiting moves the clock. */
function platform(answer: (asked: number) => LspAnswer) {
  let time = 0
  let asked = 0
  const lsp: Lsp = { ...testLsp({}), lookUp: async () => answer(asked++) }
  const log = pino({ enabled: false })
  const behind = rested(lsp, { log, monotonic: () => time, longestMs: 1_000 })
  const { lookUp } = patient(behind, async (ms) => {
    time += ms
  })
  return { lookUp, asked: () => asked, seconds: () => time / 1_000 }
}

async function kindsOf(lookUp: Lsp['lookUp']): Promise<string[]> {
  const kinds: string[] = []
  for (const one of NUMBERS) {
    const answer = await lookUp(one)
    kinds.push(answer.kind === 'unreachable' ? answer.why : answer.kind)
  }
  return kinds
}

describe('somebody who asks about many items', () => {
  it('loses one of them to a fault, and waits for the others', async () => {
    const { lookUp, seconds } = platform((asked) =>
      asked === 2 ? FAULT : { kind: 'found', record: RECORD },
    )
    const kinds = await kindsOf(lookUp)
    expect(kinds.filter((kind) => kind !== 'found')).toEqual(['fault'])
    expect(seconds()).toBe(30)
  })

  it('loses none to a platform that asks to wait, every time', async () => {
    const busy: LspAnswer = { kind: 'unreachable', why: 'busy', retryAfterS: 17 }
    const { lookUp } = platform((asked) =>
      asked % 10 === 9 ? busy : { kind: 'found', record: RECORD },
    )
    expect(new Set(await kindsOf(lookUp))).toEqual(new Set(['found']))
  })

  it('waits for a dead platform some minutes at the most, whoever many they are', async () => {
    const { lookUp, asked, seconds } = platform(() => FAULT)
    const kinds = await kindsOf(lookUp)
    expect(kinds).not.toContain('found')
    expect(seconds()).toBeLessThan(120)
    expect(asked()).toBeLessThan(6)
  })

  it('does not wait for one that wants to be left alone until tomorrow', async () => {
    const { lookUp, seconds } = platform(() => ({
      kind: 'unreachable',
      why: 'busy',
      retryAfterS: 600,
    }))
    await kindsOf(lookUp)
    expect(seconds()).toBe(0)
  })

  it('waits together with the others', async () => {
    const { lookUp, seconds } = platform((asked) =>
      asked === 0 ? FAULT : { kind: 'found', record: RECORD },
    )
    const kinds = (await Promise.all(NUMBERS.map(lookUp))).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'found').length).toBeGreaterThan(0)
    expect(seconds()).toBeLessThan(70)
  })
})
