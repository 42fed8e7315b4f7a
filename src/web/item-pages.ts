// What the pages need on which staff keep the items.

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
  /** There is a library system to compare the items with. */
  readonly canRefresh: boolean
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

export interface AddPage extends ItemForm {
  /** The title of the item that was added last, and its barcode; or ''. */
  readonly added: string
  readonly addedBarcode: string
  /** That it is a removed item which came back, and with what; or ''. */
  readonly cameBack: string
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
