import { CATALOGUE, type Entry } from '../catalogue.ts'
import { marcXml } from '../marc.ts'
import { type FakeAnswer, runFake } from './run.ts'

const NAMESPACE: Readonly<Record<string, string>> = {
  '1.1': 'http://www.loc.gov/zing/srw/',
  '1.2': 'http://www.loc.gov/zing/srw/',
  '2.0': 'http://docs.oasis-open.org/ns/search-ws/sruResponse',
}

/** One clause of CQL: index, relation, term, as far as this server understands it. */
const CLAUSE = /^([a-z]+)\.([a-zA-Z]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s"()=<>/]+)(?:\s+or\s+|$)/

let state = ''

runFake(
  (_, { searchParams }) => {
    const version = searchParams.get('version') ?? '1.1'
    if (state === 'bomb') return xml('<!DOCTYPE a [<!ENTITY b "ha">]><a>&b;</a>')
    const namespace = NAMESPACE[version]
    const body = namespace === undefined ? diagnostic('5', version) : answer(searchParams)
    const whole =
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
      `<zs:searchRetrieveResponse xmlns:zs="${namespace ?? NAMESPACE['1.1']}">` +
      `${version === '2.0' ? '' : `<zs:version>${version}</zs:version>`}${body}` +
      '</zs:searchRetrieveResponse>'
    return xml(state === 'half-xml' ? whole.slice(0, whole.length / 2) : whole)
  },
  (name) => {
    state = name
  },
)

function answer(parameters: URLSearchParams): string {
  const [, number = ''] = /^diagnostic-(.*)$/.exec(state) ?? []
  if (number !== '') return diagnostic(number, 'at /opt/secret/path')
  if (parameters.get('operation') !== 'searchRetrieve') return diagnostic('4', 'operation')
  if (parameters.get('recordSchema') !== 'marcxml') return diagnostic('66', 'schema')
  const found = search(parameters.get('query') ?? '')
  if (typeof found === 'string') return found
  const most = Number(parameters.get('maximumRecords') ?? 10)
  const count =
    state === 'no-count' ? '' : `<zs:numberOfRecords>${found.length}</zs:numberOfRecords>`
  if (found.length === 0 || state === 'count-only') return count
  return `${count}<zs:records>${found.slice(0, most).map(record).join('')}</zs:records>`
}

function record(entry: Entry): string {
  const data = state === 'surrogate' ? aDiagnostic('64', 'secret') : marcXml(lines(entry))
  return (
    '<zs:record><zs:recordSchema>info:srw/schema/1/marcxml-v1.1</zs:recordSchema>' +
    `<zs:recordPacking>xml</zs:recordPacking><zs:recordData>${data}</zs:recordData></zs:record>`
  )
}

/** As Koha gives it, with its items in 952 and its own number in 999. */
function lines({ id, barcodes, marc }: Entry): string {
  if (state !== 'koha') return marc
  const items = barcodes.map((barcode) => `\n952 __ $aMAIN$p${barcode}$yBK`)
  return `${marc.replace(/001 \d+/, '001 ocm0000001')}${items.join('')}\n999 __ $c${id}$d${id}`
}

/** @returns the entries that the query finds, or a diagnostic */
function search(query: string): Entry[] | string {
  const found = new Set<Entry>()
  let rest = query.trim()
  while (rest !== '') {
    const [clause, set, index, term = ''] = CLAUSE.exec(rest) ?? []
    if (clause === undefined) return diagnostic('10', rest)
    if (set !== 'dc' && set !== 'cql') return diagnostic('15', set ?? '')
    if (index !== 'barcode' && index !== 'allRecords') return diagnostic('16', index ?? '')
    const pattern = masked(term.replace(/^"(.*)"$/, '$1'))
    for (const entry of CATALOGUE) {
      // Indexes of words find more than was asked for.
      const loose = state === 'koha' && term.includes('7000000018') && entry.id === '43'
      const has = entry.barcodes.some((barcode) => pattern.test(barcode))
      if (index === 'allRecords' || has || loose) found.add(entry)
    }
    rest = rest.slice(clause.length)
  }
  return [...found]
}

/** `*` and `?` mask letters, unless there is a backslash before them. */
function masked(term: string): RegExp {
  const parts = term.matchAll(/\\(.)|([*?])|(.)/g).map(([, kept, mask, plain]) => {
    if (mask !== undefined) return mask === '*' ? '.*' : '.'
    return (kept ?? plain ?? '').replace(/\W/, '\\$&')
  })
  return new RegExp(`^${[...parts].join('')}$`)
}

function diagnostic(number: string, details: string): string {
  return `<zs:diagnostics>${aDiagnostic(number, details)}</zs:diagnostics>`
}

function aDiagnostic(number: string, details: string): string {
  const text = details.replace(/[&<]/g, ' ')
  return (
    '<diag:diagnostic xmlns:diag="http://www.loc.gov/zing/srw/diagnostic/">' +
    `<diag:uri>info:srw/diagnostic/1/${number}</diag:uri><diag:details>${text}</diag:details>` +
    '<diag:message>No</diag:message></diag:diagnostic>'
  )
}

function xml(body: string): FakeAnswer {
  return { headers: { 'content-type': 'text/xml; charset=utf-8' }, body }
}
