import type { Chart } from './chart.ts'

// What the pages need on which staff see loans, numbers and what was done.

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

export interface LoanRow {
  readonly id: number
  readonly barcode: string
  readonly title: string
  readonly started: string
  readonly due: string
  /** The item has a page: it was not removed. */
  readonly isThere: boolean
  readonly isOpen: boolean
  /** It may be lengthened while it is open: no more loans run than there are copies. */
  readonly mayLast: boolean
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
  readonly whyNotLonger: string
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
    /** There is nothing to draw. */
    readonly isEmpty: boolean
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
