import type { Ask } from '../outgoing.ts'
import type { Settings } from '../settings.ts'
import { cqlQuery } from './cql.ts'
import type { Lsp, LspAnswer } from './lsp.ts'
import { controlOf, type Marc, marcsOf, valuesOf } from './marc.ts'
import { recordOfMarc } from './marc-record.ts'
import { answerWith, type LspFailure, NOT_UNDERSTOOD } from './replies.ts'
import { hitsOf, type SruHits } from './sru-response.ts'

/**
 * Any catalogue that answers in MARCXML by SRU: what is asked for a barcode is a template of the
 * settings, since each catalogue names that index in its own way.
 */
export function sru(settings: Settings, ask: Ask): Lsp {
  const { sruUrl, sruQuery, sruVersion, sruPageTemplate } = settings

  async function search(barcode: string): Promise<SruHits | LspFailure> {
    const url = new URL(sruUrl)
    const parameters = {
      version: sruVersion,
      operation: 'searchRetrieve',
      query: cqlQuery(sruQuery, barcode),
      maximumRecords: '2',
      recordSchema: 'marcxml',
      [sruVersion === '2.0' ? 'recordXMLEscaping' : 'recordPacking']: 'xml',
    }
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    return hitsOf(await ask({ url }))
  }

  async function lookUp(barcode: string): Promise<LspAnswer> {
    const hits = await search(barcode)
    if (hits.kind !== 'hits') return hits
    const marcs = await marcsOf(hits.records)
    if (marcs === undefined) return NOT_UNDERSTOOD
    const meant = marcs.filter((marc) => mayHave(marc, barcode))
    const possible = meant.length + Math.max(hits.count - marcs.length, 0)
    if (possible === 0) return { kind: 'not-found' }
    const [marc] = meant
    if (marc === undefined || possible > 1) return { kind: 'several' }
    const id = numberOf(marc)
    const page = id === '' ? '' : sruPageTemplate.replaceAll('{id}', encodeURIComponent(id))
    return answerWith(recordOfMarc(marc, id, page))
  }

  return {
    name: 'the catalogue',
    lookUp,
    /** Asks as a look-up does, so that it shows an index that the catalogue does not have. */
    async check() {
      const hits = await search('carrel-check')
      return hits.kind === 'hits' ? { kind: 'well' } : hits
    },
  }
}

/** Koha's records hold their items in 952, with the barcode in $p; others do not show it. */
function mayHave(marc: Marc, barcode: string): boolean {
  const barcodes = kohaBarcodes(marc)
  return barcodes.length === 0 || barcodes.includes(barcode)
}

const kohaBarcodes = (marc: Marc) => valuesOf(marc, '952', 'p')

/** The record's number: of Koha the one in 999 $c, by which its pages go, else field 001. */
function numberOf(marc: Marc): string {
  const koha = kohaBarcodes(marc).length > 0 ? valuesOf(marc, '999', 'c')[0] : undefined
  return koha ?? controlOf(marc, '001')
}
