import { Eta } from 'eta'
import type { AuditPage, LoanPage, LoansPage, StatsPage } from './desk-pages.ts'
import type {
  AddPage,
  BulkListPage,
  BulkPage,
  ConfirmPage,
  EditPage,
  ListPage,
  RefreshAllPage,
  RefreshPage,
} from './item-pages.ts'

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
  readonly viewer: { readonly version: string }
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
