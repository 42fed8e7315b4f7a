import type { Element } from '@xmldom/xmldom'
import type { Reply } from '../outgoing.ts'
import { failureOf, type LspFailure, NOT_UNDERSTOOD } from './replies.ts'
import { childrenOf, descend, textOf, xmlOf } from './xml.ts'

/** What a search found: how many records there are, and those that came with the answer. */
export interface SruHits {
  readonly kind: 'hits'
  readonly count: number
  readonly records: readonly Element[]
}

/** https://www.loc.gov/standards/sru/diagnostics/diagnosticsList.html */
const DIAGNOSTIC = /^info:srw\/diagnostic\/1\/(\d{1,3})$/

const OUT_OF_RANGE = 61

/** What these diagnostics say of the server; all others find fault with what it was asked. */
const FAILURES: Readonly<Record<number, LspFailure>> = {
  1: { kind: 'unreachable', why: 'fault' },
  2: { kind: 'unreachable', why: 'busy' },
  3: { kind: 'not-permitted' },
  68: { kind: 'not-permitted' },
}

/**
 * The answer to a searchRetrieve of SRU 1.1, 1.2 or 2.0, which differ in their namespaces and not in
 * what is read here.
 *
 * @see https://docs.oasis-open.org/search-ws/searchRetrieve/v1.0/searchRetrieve-v1.0-part3-sru2.0.html
 */
export function hitsOf(reply: Reply): SruHits | LspFailure {
  const response = xmlOf(reply)
  if (response?.localName !== 'searchRetrieveResponse') return failureOf(reply) ?? NOT_UNDERSTOOD
  const datas = childrenOf(descend(response, 'records') ?? response, 'record').map((record) =>
    descend(record, 'recordData'),
  )
  const records = datas.map((data) => descend(data, 'record')).filter((one) => one !== undefined)
  const diagnostic =
    descend(response, 'diagnostics', 'diagnostic') ??
    datas.map((data) => descend(data, 'diagnostic')).find((one) => one !== undefined)
  if (records.length === 0 && diagnostic !== undefined) return whatItSays(diagnostic)
  const count = textOf(descend(response, 'numberOfRecords'))
  if (!/^\d{1,15}$/.test(count)) return NOT_UNDERSTOOD
  if (Number(count) > 0 && records.length === 0) return NOT_UNDERSTOOD
  return { kind: 'hits', count: Number(count), records }
}

/** Some servers call it out of range to ask for the first record of none. */
function whatItSays(diagnostic: Element): SruHits | LspFailure {
  const uri = textOf(descend(diagnostic, 'uri'))
  const number = Number(DIAGNOSTIC.exec(uri)?.[1])
  if (number === OUT_OF_RANGE) return { kind: 'hits', count: 0, records: [] }
  const failure = FAILURES[number] ?? NOT_UNDERSTOOD
  if (failure.kind === 'not-permitted' || Number.isNaN(number)) return failure
  return { ...failure, code: uri }
}
