import { Eta } from 'eta'

/** What stands around every page. */
export interface Frame {
  /** Whoever is signed in; undefined leaves out what only they can use. */
  readonly visitor: { readonly name: string; readonly isStaff: boolean } | undefined
  readonly demonstration: boolean
  readonly helpUrl: string
  readonly feedbackUrl: string
}

export interface ItemPage {
  readonly barcode: string
  readonly title: string
  /** Pairs of name and value, only those that are known. */
  readonly metadata: readonly (readonly [name: string, value: string])[]
  readonly itemPage: string
  readonly hasCover: boolean
  /** available | on-loan | waiting: what the page offers to do. */
  readonly state: 'available' | 'on-loan' | 'waiting'
  readonly heading: string
  readonly explanation: string
  /** Instant (ISO 8601) at which the state is expected to change, or ''. */
  readonly changesAt: string
  readonly loanLength: string
  readonly dueText: string
  /** Barcode of the item that stands in the way, or ''. */
  readonly otherBarcode: string
}

export interface ViewPage {
  readonly title: string
  readonly barcode: string
  readonly manifestUrl: string
  readonly statusUrl: string
  readonly returnUrl: string
  readonly itemUrl: string
  readonly thankYouUrl: string
  /** ISO 8601, as `now`. */
  readonly dueAt: string
  readonly now: string
  /** When the item can be borrowed again after a return, in words. */
  readonly reloanText: string
  readonly demonstration: boolean
  readonly viewer: { readonly version: string; readonly modules: readonly string[] }
}

/** A form with one button, in the state of an item; it carries the item's barcode. */
export interface StateAction {
  readonly text: string
  readonly method: 'get' | 'post'
  readonly path: string
  readonly fields: readonly (readonly [name: string, value: string])[]
}

export interface StateCell {
  readonly label: string
  /** What is wrong, in words, or ''. */
  readonly detail: string
  /** Who still reads though the paper copy is to go back, or ''. */
  readonly readers: string
  /** Work goes on: the state will soon be another one. */
  readonly isBusy: boolean
  readonly actions: readonly StateAction[]
}

export interface ListRow {
  readonly barcode: string
  readonly title: string
  readonly author: string
  readonly copies: number
  readonly loanLength: string
  readonly openLoans: number
  readonly state: StateCell
}

export interface ListPage {
  readonly rows: readonly ListRow[]
  readonly words: string
  readonly total: number
  readonly page: number
  readonly pages: number
  /** The columns; `href` sorts by one, and is '' where the list has no such order. */
  readonly columns: readonly {
    readonly label: string
    readonly href: string
    readonly sorted: 'ascending' | 'descending' | ''
  }[]
  /** What else the search form sends along. */
  readonly order: readonly (readonly [name: string, value: string])[]
  readonly previous: string
  readonly next: string
  /** This list's own parameters, so that an action leads back to it. */
  readonly here: string
  /** Barcode of the item that was just removed, or ''. */
  readonly removed: string
}

/** A page that asks before something is done. */
export interface ConfirmPage {
  readonly title: string
  /** The title of the item that it is about. */
  readonly item: string
  readonly paragraphs: readonly string[]
  /** What to choose from, or undefined. */
  readonly choice:
    | {
        readonly name: string
        readonly legend: string
        readonly type: 'radio' | 'checkbox'
        readonly options: readonly {
          readonly value: string
          readonly label: string
          readonly hint: string
          readonly checked: boolean
        }[]
      }
    | undefined
  /** What was wrong with the last answer, or ''. */
  readonly fault: string
  readonly path: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly button: string
  readonly back: string
}

export interface AddPage {
  readonly fields: readonly {
    readonly name: string
    readonly label: string
    readonly hint: string
    readonly value: string
    readonly fault: string
    readonly kind: 'text' | 'number' | 'area'
    readonly required: boolean
  }[]
  readonly added: string
}

/** Every page and what its template needs; a template that is given less throws. */
export interface Pages {
  home: object
  about: object
  item: ItemPage
  view: ViewPage
  'thank-you': { readonly borrowAgain: string }
  'sign-in': {
    readonly people: readonly { readonly name: string; readonly role: string }[]
    readonly to: string
  }
  'sign-out': { readonly toSignOut: boolean }
  refusal: {
    readonly title: string
    readonly message: string
    readonly requestId: string
    /** Where to go from here. */
    readonly link: { readonly href: string; readonly text: string }
  }
  list: ListPage
  confirm: ConfirmPage
  add: AddPage
}

export type View = <Name extends keyof Pages>(
  page: Name,
  props: Pages[Name],
  frame: Frame,
) => string

/** @param templates the folder of the templates, one file a page */
export function createView(templates: string): View {
  const eta = new Eta({
    views: templates,
    autoEscape: true,
    cache: true,
    autoFilter: true,
    filterFunction: present,
  })
  return (page, props, frame) => eta.render(`./${page}`, { ...props, frame })
}

/** Eta prints `undefined` as a word; here it is a fault of the page. */
function present(value: unknown): string {
  if (value === undefined || value === null)
    throw new Error('a template asked for what it was not given')
  return String(value)
}
