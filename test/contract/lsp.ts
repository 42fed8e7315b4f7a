import pino from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Barcode } from '../../src/ids.ts'
import { chooseLsp } from '../../src/lsp/choose.ts'
import type { Lsp, LspAnswer, LspRecord } from '../../src/lsp/lsp.ts'
import type { Settings } from '../../src/settings.ts'
import { type Fake, startFake } from '../support/fake.ts'
import { barcode } from '../support/lending.ts'
import { settingsOf } from '../support/settings.ts'

export interface LspCase {
  /** As in LSP_TYPE, and the name of its fake in test/support/fakes. */
  readonly type: string
  /** What tells this case from others of the same type. */
  readonly way?: string
  /** The lines of its section, given the address of the fake. */
  readonly ini: (url: string) => string
  /** An item that the fake has, and all that is told of it, given the address of the fake. */
  readonly found: {
    readonly barcode: string
    readonly record: LspRecord | ((url: string) => LspRecord)
  }
  /** Items of the fake with this trouble, where the platform can have it. */
  readonly several?: string
  readonly incomplete?: {
    readonly barcode: string
    readonly fields: readonly (keyof LspRecord)[]
  }
  /** Faults of its protocol that have a code, which is all that the log says of them. */
  readonly codes?: readonly (readonly [fault: string, code: string])[]
  /** What must never be seen: keys, passwords, tokens. */
  readonly secrets: readonly string[]
  /** How 401 and 403 in every answer end, if not as not-permitted. */
  readonly denied?: LspAnswer
  /** The protocol answers in JSON: half a JSON document is a fault of it. */
  readonly json: boolean
}

const FAULTS: readonly [fault: string, why: string][] = [
  ['html', 'not-understood'],
  ['redirect', 'redirect'],
  ['20-mb', 'too-large'],
  ['half', 'connection'],
  ['close', 'connection'],
  ['hang', 'timeout'],
  ['500', 'fault'],
  ['503', 'busy'],
]

/** Short, for the fault `hang` only: it is waited for to its end. */
const SHORT_MS = 300

/** What every adapter promises, shown against a process that speaks the platform's protocol. */
export function lspContract(one: LspCase): void {
  describe(`the contract of an LSP, kept by ${one.type}${one.way ?? ''}`, () => {
    let fake: Fake
    let settings: Settings
    let log: string
    let lsp: Lsp
    let time = 0

    const choose = async (longestMs?: number): Promise<Lsp> => {
      const choice = await chooseLsp({
        settings,
        log: pino({ base: null }, { write: (line: string) => (log += line) }),
        monotonic: () => time,
        ...(longestMs && { longestMs }),
      })
      if (choice.kind !== 'lsp') throw new Error(`no adapter for ${one.type}`)
      return choice.lsp
    }

    beforeAll(async () => {
      fake = await startFake(one.type)
      settings = settingsOf(`LSP_TYPE = ${one.type}\n[${one.type}]\n${one.ini(fake.url)}`)
    })
    afterAll(() => fake.stop())
    beforeEach(async () => {
      await fake.fault('')
      log = ''
      lsp = await choose()
    })

    it('finds an item by its barcode, with all that the platform tells', async () => {
      const { record } = one.found
      expect(await lsp.lookUp(barcode(one.found.barcode))).toEqual({
        kind: 'found',
        record: typeof record === 'function' ? record(fake.url) : record,
      })
    })

    it('knows no item of another barcode', async () => {
      expect(await lsp.lookUp(barcode('99999999999999'))).toEqual({ kind: 'not-found' })
    })

    it.each([
      '" or cql.allRecords=1 or "',
      '*',
      '350470000000??',
      `${'9'.repeat(64)}`,
      'x&y=z#?/../',
    ])('finds nothing by %s and sends it escaped', async (text) => {
      const before = (await fake.asked()).length
      expect(await lsp.lookUp(text as Barcode)).toEqual({ kind: 'not-found' })
      for (const { target } of (await fake.asked()).slice(before)) {
        expect(target).not.toMatch(/[" #]|\.\.\/|y=z/)
      }
    })

    const { several, incomplete } = one
    if (several !== undefined) {
      it('says when several items have the barcode', async () => {
        expect(await lsp.lookUp(barcode(several))).toEqual({ kind: 'several' })
      })
    }

    if (incomplete !== undefined) {
      it('says what an item lacks, and gives the rest', async () => {
        const { fields } = incomplete
        expect(await lsp.lookUp(barcode(incomplete.barcode))).toMatchObject({
          kind: 'incomplete',
          fields,
        })
      })
    }

    it.each(FAULTS)('4.7 LSP %s: unreachable (%s), said in the log', async (fault, why) => {
      await fake.fault(fault)
      if (fault === 'hang') lsp = await choose(SHORT_MS)
      expect(await lsp.lookUp(barcode(one.found.barcode))).toMatchObject({
        kind: 'unreachable',
        why,
      })
      expect(JSON.parse(log)).toMatchObject({ msg: 'lsp.fail', kind: why })
    })

    if (one.json) {
      it('4.7 LSP invalid JSON: unreachable (not-understood)', async () => {
        await fake.fault('not-json')
        expect(await lsp.lookUp(barcode(one.found.barcode))).toMatchObject({
          why: 'not-understood',
        })
      })
    }

    it('4.7 LSP 429: unreachable, and left alone for as long as it asks', async () => {
      await fake.fault('429')
      const busy = { kind: 'unreachable', why: 'busy', retryAfterS: 17 }
      expect(await lsp.lookUp(barcode(one.found.barcode))).toEqual(busy)
      const asked = (await fake.asked()).length
      expect(await lsp.lookUp(barcode(one.found.barcode))).toEqual({ ...busy, why: 'resting' })
      expect(await fake.asked()).toHaveLength(asked)
      await fake.fault('')
      time += 17_000
      expect(await lsp.lookUp(barcode(one.found.barcode))).toMatchObject({ kind: 'found' })
    })

    it.each(['401', '403'])('4.7 LSP %s: not permitted', async (fault) => {
      await fake.fault(fault)
      expect(await lsp.lookUp(barcode(one.found.barcode))).toEqual(
        one.denied ?? { kind: 'not-permitted' },
      )
    })

    it('tells how the platform does', async () => {
      expect(await lsp.check()).toEqual({ kind: 'well' })
      await fake.fault('500')
      expect(await lsp.check()).toMatchObject({ kind: 'unreachable', why: 'fault' })
    })

    it.each(one.codes ?? [])('4.7 LSP %s: its code is said in the log', async (fault, code) => {
      await fake.fault(fault)
      await lsp.lookUp(barcode(one.found.barcode))
      expect(JSON.parse(log)).toMatchObject({ msg: 'lsp.fail', code })
      expect(log).not.toMatch(/secret|http:/)
    })

    it('shows its keys to nobody, in no answer and no line of the log', async () => {
      const answers: unknown[] = [await lsp.lookUp(barcode(one.found.barcode))]
      for (const fault of ['401', '500', 'html', 'close']) {
        time += 600_000
        await fake.fault(fault)
        answers.push(await lsp.lookUp(barcode(one.found.barcode)))
      }
      for (const secret of one.secrets) expect(JSON.stringify(answers) + log).not.toContain(secret)
    })
  })
}
