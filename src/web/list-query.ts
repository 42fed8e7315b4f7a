import { SORTS, type Sort } from '../items/search.ts'

/** What somebody wants to see of the list of items, as its address says. */
export interface ListQuery {
  readonly words: string
  readonly sort: Sort
  readonly descending: boolean
  readonly page: number
}

const MOST_CHARACTERS = 200
const LAST_PAGE = 1_000_000

/** Reads `q`, `sort`, `order` and `page`; what is not understood counts as not said. */
export function parseListQuery(parameters: URLSearchParams): ListQuery {
  const page = Number(parameters.get('page') ?? '1')
  const words = (parameters.get('q') ?? '').replace(/\p{Cc}/gu, ' ').trim()
  return {
    words: words.slice(0, MOST_CHARACTERS),
    sort: SORTS.find((sort) => sort === parameters.get('sort')) ?? 'title',
    descending: parameters.get('order') === 'desc',
    page: Number.isInteger(page) ? Math.min(Math.max(page, 1), LAST_PAGE) : 1,
  }
}

/** The address that says the same, without what goes without saying: `q=optics&page=2`, or ''. */
export function listParameters({ words, sort, descending, page }: ListQuery): string {
  const parameters = new URLSearchParams()
  if (words !== '') parameters.set('q', words)
  if (sort !== 'title') parameters.set('sort', sort)
  if (descending) parameters.set('order', 'desc')
  if (page > 1) parameters.set('page', String(page))
  return parameters.toString()
}

/** @param item the barcode of the item to come back to */
export function listAddress(query: ListQuery, item = ''): string {
  const parameters = listParameters(query)
  return `/list${parameters && `?${parameters}`}${item && `#item-${item}`}`
}
