import { parseBarcode } from '../ids.ts'
import type { Item } from '../items/items.ts'
import type { Sort } from '../items/search.ts'
import { type ScanState, scanState } from '../scans/state.ts'
import type { Answers } from './answers.ts'
import type { WebContext, WebDeps } from './context.ts'
import type { ListPage, ListRow } from './item-pages.ts'
import { stateCell } from './item-state.ts'
import { type ListQuery, listAddress, listParameters, parseListQuery } from './list-query.ts'
import type { Router } from './routes.ts'
import { lengthInWords } from './words.ts'

const ROWS = 50

const COLUMNS: readonly { label: string; sort: Sort | undefined }[] = [
  { label: 'Title', sort: 'title' },
  { label: 'Author', sort: 'author' },
  { label: 'Barcode', sort: 'barcode' },
  { label: 'State', sort: undefined },
  { label: 'Loan length', sort: 'hours' },
  { label: 'Copies', sort: 'copies' },
  { label: 'Loans now', sort: undefined },
  { label: 'More', sort: undefined },
]

/** The staff's list of items. */
export function listRoutes({ route, staffOnly }: Router, deps: WebDeps, answers: Answers): void {
  const { items, loans, manifests, settings, clock, log, words } = deps

  async function scansOf(item: Item): Promise<ScanState> {
    if (settings.processDir === undefined) return { kind: 'none' }
    try {
      return await scanState(settings.processDir, item.barcode)
    } catch (err) {
      log.error({ item: item.barcode, err }, 'scans.state-unreadable')
      return { kind: 'problem', reason: 'How far its scans are cannot be read: see the log.' }
    }
  }

  async function row(item: Item): Promise<ListRow> {
    const [manifest, scans] = await Promise.all([manifests.current(item.barcode), scansOf(item)])
    const now = clock.now()
    const dueTimes = loans.dueTimes(item.barcode, now)
    return {
      barcode: item.barcode,
      title: item.title,
      author: item.author,
      copies: item.copies,
      loanLength: lengthInWords(item.loanHours),
      openLoans: dueTimes.length,
      state: stateCell({
        item,
        manifest,
        scans,
        dueTimes,
        processes: settings.processDir !== undefined,
        clockTime: (at) => words.clockTime(at, now),
      }),
    }
  }

  async function list(c: WebContext): Promise<Response> {
    const parameters = new URL(c.req.url).searchParams
    const asked = parseListQuery(parameters)
    const found = items.search({ ...asked, limit: ROWS })
    const query = { ...asked, page: found.page }
    const { total, page, pages } = found
    const removed = parseBarcode(parameters.get('removed') ?? '')
    return answers.page(c, 'list', {
      rows: await Promise.all(found.items.map(row)),
      words: query.words,
      total,
      page,
      pages,
      columns: COLUMNS.map(({ label, sort }) => column(query, label, sort)),
      order: [...new URLSearchParams(listParameters({ ...query, words: '', page: 1 }))],
      previous: page > 1 ? listAddress({ ...query, page: page - 1 }) : '',
      next: page < pages ? listAddress({ ...query, page: page + 1 }) : '',
      here: listParameters(query),
      canRefresh: deps.lsp.kind === 'lsp',
      removed: removed !== undefined && items.find(removed) === undefined ? removed : '',
    })
  }

  route('/list', { GET: staffOnly(list) })
  route('/manage', { GET: staffOnly(list) })
}

/** Sorting by the column that sorts already turns the order round. */
function column(query: ListQuery, label: string, sort?: Sort): ListPage['columns'][number] {
  if (sort === undefined) return { label, href: '', sorted: '' }
  const sorts = query.sort === sort
  return {
    label,
    href: listAddress({ ...query, sort, descending: sorts && !query.descending, page: 1 }),
    sorted: !sorts ? '' : query.descending ? 'descending' : 'ascending',
  }
}
