import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { HOUR } from '../clock.ts'
import { csvParts } from '../csv.ts'
import { parseBarcode } from '../ids.ts'
import { type BulkFate, LARGEST_BULK_BYTES, readBulk } from '../items/bulk.ts'
import { DRAFT_DEFAULTS, type DraftField } from '../items/draft.ts'
import type { Answers } from './answers.ts'
import { addAll, type BulkList } from './bulk-list.ts'
import type { WebContext, WebDeps } from './context.ts'
import type { BulkListPage, BulkPage } from './item-pages.ts'
import { lookUpWith } from './look-up.ts'
import type { Router } from './routes.ts'
import { readUpload } from './uploads.ts'

/** Adding many items at once, from a list. */
export function bulkRoutes({ route, staffOnly }: Router, deps: WebDeps, answers: Answers): void {
  const { items, log } = deps
  const lsp = lookUpWith(deps)
  const lists = new LRUCache<string, BulkList>({ max: 20, ttl: 24 * HOUR })

  const exists = (text: string) => {
    const barcode = parseBarcode(text)
    return barcode !== undefined && items.find(barcode) !== undefined
  }

  const page = (fault = ''): BulkPage => ({
    fault,
    canLookUp: lsp !== undefined,
    lists: [...lists.entries()].map(([id, list]) => ({
      href: `/bulk/${id}`,
      text: `${list.rows.length === 1 ? '1 row' : `${list.rows.length} rows`}, ${stateWords(list)}`,
    })),
  })

  route('/bulk', {
    GET: staffOnly((c) => answers.page(c, 'bulk', page())),
    POST: staffOnly(async (c) => {
      const sent = await readUpload(c, LARGEST_BULK_BYTES)
      if (sent.kind === 'refused') return answers.refuse(c, sent.refused)
      const file = sent.files.get('csv')
      if (file === undefined) return answers.page(c, 'bulk', page('Choose a file.'), 400)
      const reading = readBulk(file.bytes, exists, lsp !== undefined)
      if (reading.kind === 'bad') return answers.page(c, 'bulk', page(reading.why), 400)
      const id = randomUUID()
      const { ignored } = reading
      lists.set(id, { state: 'preview', done: 0, rows: [...reading.rows], ignored })
      return c.redirect(`/bulk/${id}`, 303)
    }),
  })

  const find = (c: WebContext) => lists.get(c.req.param('list') ?? '')
  const gone = (c: WebContext) =>
    answers.refuse(c, { kind: 'list-gone' }, { href: '/bulk', text: 'Upload a list' })

  route('/bulk/:list/bad.csv', {
    GET: staffOnly((c) => {
      const list = find(c)
      if (list === undefined) return gone(c)
      return c.body([...badRows(list)].join(''), 200, {
        'Content-Type': 'text/csv; charset=utf-8; header=present',
        'Content-Disposition': 'attachment; filename="rows-not-added.csv"',
        'Cache-Control': 'no-store',
      })
    }),
  })

  route('/bulk/:list', {
    GET: staffOnly((c) => {
      const list = find(c)
      return list ? answers.page(c, 'bulk-list', listPage(c.req.path, list)) : gone(c)
    }),
    POST: staffOnly((c, { patron }) => {
      const list = find(c)
      if (list === undefined) return gone(c)
      if (list.state === 'preview') {
        log.info({ rows: list.rows.length }, 'bulk.start')
        void addAll(list, deps, lsp, patron)
      }
      return c.redirect(c.req.path, 303)
    }),
  })
}

function stateWords({ state, rows }: BulkList): string {
  const added = rows.filter(({ fate }) => fate.kind === 'added').length
  const words: Readonly<Record<BulkList['state'], string>> = {
    preview: 'not added yet',
    running: 'being added',
    done: added === rows.length ? 'added' : `${added} of them added`,
    stopped: 'stopped by a fault',
  }
  return words[state]
}

/** The rows that were left out and why, in columns that a mended list can be uploaded with. */
function badRows({ rows }: BulkList): Generator<string> {
  const fields = (Object.keys(DRAFT_DEFAULTS) as DraftField[]).filter((field) =>
    rows.some(({ typed }) => typed[field] !== undefined),
  )
  const bad = rows.flatMap(({ line, typed, fate }) =>
    fate.kind === 'bad' ? [{ line: String(line), reason: fate.why, ...typed }] : [],
  )
  return csvParts(['line', 'reason', ...fields], [bad])
}

function listPage(href: string, { state, done, rows, ignored }: BulkList): BulkListPage {
  const number = (...kinds: BulkFate['kind'][]) =>
    rows.filter(({ fate }) => kinds.includes(fate.kind)).length
  return {
    href,
    state,
    toAdd: number('to-add', 'to-look-up') + done,
    done,
    added: number('added'),
    exist: number('exists'),
    bad: number('bad'),
    ignored: ignored.join(', '),
    rows: rows.map(({ line, typed, fate }) => ({
      line,
      barcode: typed.barcode ?? '',
      title: typed.title ?? '',
      isBad: fate.kind === 'bad',
      fate: fateWords(fate),
    })),
  }
}

function fateWords(fate: BulkFate): string {
  switch (fate.kind) {
    case 'to-add':
      return 'Will be added.'
    case 'to-look-up':
      return 'Will be looked up in the library system and added.'
    case 'exists':
      return 'There is an item with this barcode already; it stays as it is.'
    case 'added':
      return 'Added.'
    case 'bad':
      return fate.why
  }
}
