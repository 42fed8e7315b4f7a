import pino from 'pino'
import { describe, expect, it } from 'vitest'
import type { LspAnswer } from '../../src/lsp/lsp.ts'
import { rested } from '../../src/lsp/rested.ts'
import { barcode } from '../support/lending.ts'
import { testLsp } from '../support/lsp.ts'

const A = barcode('A')
const unreachable = (why: 'timeout' | 'redirect'): LspAnswer => ({ kind: 'unreachable', why })

function resting(answer: () => Promise<LspAnswer>) {
  const lsp = testLsp({})
  lsp.lookUp = async (code) => {
    lsp.asked.push(code)
    return answer()
  }
  const clock = { time: 0 }
  const parts = { log: pino({ enabled: false }), monotonic: () => clock.time, longestMs: 50 }
  return { asked: lsp.asked, clock, lsp: rested(lsp, parts) }
}

describe('an LSP that fails', () => {
  it('is not waited for longer than the time, though each of its questions keeps to it', async () => {
    const { lsp, asked } = resting(() => new Promise(() => {}))
    expect(await lsp.lookUp(A)).toEqual(unreachable('timeout'))
    expect(await lsp.lookUp(A)).toMatchObject({ why: 'resting', retryAfterS: 30 })
    expect(asked).toHaveLength(1)
  })

  it('is asked by one after the rest, while the others wait for how that goes', async () => {
    const { lsp, asked, clock } = resting(async () => unreachable('timeout'))
    await lsp.lookUp(A)
    clock.time += 30_000
    const whys = await Promise.all([lsp.lookUp(A), lsp.lookUp(A), lsp.lookUp(A)])
    expect(whys).toMatchObject([{ why: 'timeout' }, { why: 'resting' }, { why: 'resting' }])
    expect(asked).toHaveLength(2)
  })

  it('is asked on where the trouble may be that of one item', async () => {
    const { lsp, asked } = resting(async () => unreachable('redirect'))
    for (let n = 0; n < 3; n++) expect(await lsp.lookUp(A)).toEqual(unreachable('redirect'))
    expect(asked).toHaveLength(3)
  })

  it('may be checked while it rests, and is well again when it says so', async () => {
    const { lsp } = resting(async () => unreachable('timeout'))
    await lsp.lookUp(A)
    expect(await lsp.check()).toEqual({ kind: 'well' })
    expect(await lsp.lookUp(A)).toEqual(unreachable('timeout'))
  })
})
