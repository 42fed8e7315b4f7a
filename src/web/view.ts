import { Eta } from 'eta'
import type { Chart } from './chart.ts'

/** What stands around every page. */
export interface Frame {
  /** Whoever is signed in; undefined leaves out what only they can use. */
  readonly visitor: { readonly name: string; readonly isStaff: boolean } | undefined
  readonly demonstration: boolean
  readonly helpUrl: string
  readonly feedbackUrl: string
  readonly site: SiteLook
  /** HTML, or '' for none. */
  readonly announcement: string
  readonly footer: string
}

/** What a library sets to make the pages its own. */
export interface SiteLook {
  readonly name: string
  readonly library: string
  readonly logo: { readonly width: number; readonly height: number } | undefined
  readonly hasColour: boolean
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
  readonly loanLength: string
  readonly dueText: string
  /** Barcode of the item that stands in the way, or ''. */
  readonly otherBarcode: string
  /** HTML of what must be accepted before a loan, or ''. */
  readonly notice: string
  /** Why the loan did not start, at the box that was not ticked, or ''. */
  readonly fault: string
  /** For staff, when there is something to see; or ''. */
  readonly previewUrl: string
}

export interface ViewPage {
  readonly title: string
  readonly barcode: string
  readonly manifestUrl: string
  readonly itemUrl: string
  readonly viewer: { readonly version: string; readonly modules: readonly string[] }
  /** undefined: staff look at the item without a loan. */
  readonly loan:
    | {
        readonly statusUrl: string
        readonly returnUrl: string
        readonly thankYouUrl: string
        /** ISO 8601, as `now`. */
        readonly dueAt: string
        readonly now: string
        /** When the item can be borrowed again after a return, in words. */
        readonly reloanText: string
      }
    | undefined
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

export interface FormField {
  readonly name: string
  readonly label: string
  readonly hint: string
  readonly value: string
  readonly fault: string
  readonly kind: 'text' | 'number' | 'area' | 'file'
  readonly required: boolean
}

export interface ItemForm {
  readonly fields: readonly FormField[]
  /** Name of the field in which the cursor stands, 'save' for the button, or ''. */
  readonly cursor: string
  readonly lookUp: LookUpPart
}

/** What the form of an item offers and tells of the library system. */
export interface LookUpPart {
  /** There is one to ask. */
  readonly offered: boolean
  /** What it answered, in words, or ''. */
  readonly answer: string
  readonly isFault: boolean
}

export interface AuditPage {
  readonly rows: readonly {
    readonly when: string
    readonly staff: string
    readonly act: string
    readonly barcode: string
    readonly detail: string
  }[]
  /** Number of the last entry shown when there are older ones, or ''. */
  readonly older: string
  readonly isFirst: boolean
}

export interface AddPage extends ItemForm {
  /** The title of the item that was added last, and its barcode; or ''. */
  readonly added: string
  readonly addedBarcode: string
}

/** Looking for an item's cover. */
export interface CoverSearchPart {
  /** Is there a button for it? */
  readonly offered: boolean
  /** What came of it, or ''. */
  readonly words: string
}

export interface EditPage extends ItemForm {
  readonly barcode: string
  readonly title: string
  /** The address of its picture, or ''. */
  readonly cover: string
  readonly coverSearch: CoverSearchPart
  readonly saved: boolean
  /** What holds of copies that are still read, in words, or ''. */
  readonly stillRunning: string
  /** How many loans run beyond the copies. */
  readonly tooMany: number
}

/** What would change in one item, old and new. */
export interface RefreshedItem {
  readonly barcode: string
  readonly title: string
  readonly changes: readonly {
    readonly name: string
    readonly label: string
    readonly old: string
    readonly new: string
  }[]
}

export interface RefreshPage {
  readonly item: RefreshedItem
  /** Why there is nothing to compare with, or ''. */
  readonly fault: string
}

export interface RefreshAllPage {
  readonly run: string
  readonly state: 'none' | 'running' | 'done' | 'stopped'
  readonly items: number
  readonly done: number
  readonly saved: number
  readonly changed: readonly RefreshedItem[]
  readonly faults: readonly {
    readonly barcode: string
    readonly title: string
    readonly why: string
  }[]
}

export interface BulkPage {
  readonly fault: string
  /** Rows may do without a title: it can be looked up. */
  readonly canLookUp: boolean
  readonly lists: readonly { readonly href: string; readonly text: string }[]
}

export interface BulkListPage {
  readonly href: string
  readonly state: 'preview' | 'running' | 'done' | 'stopped'
  readonly toAdd: number
  readonly done: number
  readonly added: number
  readonly exist: number
  readonly bad: number
  readonly ignored: string
  readonly rows: readonly {
    readonly line: number
    readonly barcode: string
    readonly title: string
    readonly isBad: boolean
    readonly fate: string
  }[]
}

export interface LoanRow {
  readonly id: number
  readonly barcode: string
  readonly title: string
  readonly started: string
  readonly due: string
  readonly isOpen: boolean
  /** '' as soon as the loan is over. */
  readonly patron: string
  readonly state: string
}

export interface LoansPage {
  /** The barcode as typed, or ''; what is wrong with it, or ''. */
  readonly typed: string
  readonly fault: string
  readonly done: string
  readonly rows: readonly LoanRow[]
  readonly total: number
  readonly page: number
  readonly pages: number
  readonly newestDueFirst: boolean
  /** Open loans of the one item asked for. */
  readonly openOfItem: number
  readonly title: string
}

export interface LoanPage extends LoanRow {
  readonly dueAt: number
  readonly hours: string
  readonly fault: string
  readonly done: string
}

export interface StatsNumbers {
  readonly loans: number
  /** Lengths in words, '–' when there was no loan. */
  readonly median: string
  readonly mean: string
  readonly endedByReader: number
  readonly endedByTime: number
  readonly endedByStaff: number
  readonly turnAways: number
  readonly readersNow: number
  /** Page requests of four quarters of an hour, the present one last. */
  readonly requests: string
}

export interface StatsPage {
  readonly from: string
  readonly to: string
  readonly barcode: string
  readonly faults: readonly { readonly field: string; readonly fault: string }[]
  /** Of the one item asked for, or ''. */
  readonly title: string
  /** The days in words. */
  readonly span: string
  readonly presets: readonly {
    readonly name: string
    readonly query: string
    readonly isCurrent: boolean
  }[]
  /** What asks for the same span again. */
  readonly query: string
  readonly numbers: StatsNumbers | undefined
  readonly charts: readonly (Chart & {
    readonly name: string
    readonly alt: string
    readonly query: string
  })[]
  readonly rows: readonly (StatsNumbers & { readonly barcode: string; readonly title: string })[]
  readonly wanted: readonly {
    readonly barcode: string
    readonly title: string
    readonly turnAways: number
    readonly loans: number
  }[]
  readonly page: number
  readonly hasNext: boolean
}

/** Every page and what its template needs; a template that is given less throws. */
export interface Pages {
  home: { readonly policy: string }
  about: { readonly text: string }
  privacy: {
    /** The time after a loan in which its item cannot be borrowed again, in words. */
    readonly coolingOff: string
    /** Mail is sent when a loan begins. */
    readonly mails: boolean
    /** The library can tell a patron's lines in the log (LOG_KEY). */
    readonly logIsKeyed: boolean
  }
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
  edit: EditPage
  refresh: RefreshPage
  'refresh-all': RefreshAllPage
  bulk: BulkPage
  'bulk-list': BulkListPage
  'delete-thumbnail': { readonly barcode: string; readonly title: string; readonly cover: string }
  audit: AuditPage
  loans: LoansPage
  loan: LoanPage
  stats: StatsPage
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
