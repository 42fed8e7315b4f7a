/**
 * Lending in a few lines and without a database: what the real thing is compared with. It is slow
 * and plain on purpose, and shares no code with it.
 */
const MINUTE = 60_000
const WAIT = 30 * MINUTE
const LATER_BY = 5 * MINUTE

export interface ModelLoan {
  patron: string | null
  readonly item: string
  readonly start: number
  due: number
  end: number | null
  by: 'reader' | 'time' | 'staff' | null
}

const upToMinute = (at: number) => Math.ceil(at / MINUTE) * MINUTE

export function lendingModel(start: number) {
  const model = {
    now: start,
    /** Runs on whatever the wall clock does. */
    monotonic: 0,
    lastSeen: 0,
    items: new Map<string, { copies: number; ready: boolean }>(),
    loans: [] as ModelLoan[],
    lastDrift: start,
    believedFrom: Number.NEGATIVE_INFINITY,
  }
  const isOpen = (loan: ModelLoan) => loan.end === null && model.now < loan.due
  const openOf = (item: string) => model.loans.filter((loan) => loan.item === item && isOpen(loan))
  const end = (loan: ModelLoan, by: ModelLoan['by']) => {
    loan.end = by === 'time' ? loan.due : Math.max(model.now, loan.start)
    loan.by = by
  }
  const stamp = (which: (loan: ModelLoan) => boolean) => {
    for (const loan of model.loans) {
      if (loan.end === null && loan.due <= model.now && which(loan)) end(loan, 'time')
    }
  }
  const endSome = (loans: readonly ModelLoan[]) => {
    for (const loan of loans) end(loan, 'staff')
    return loans.length
  }

  function answer(patron: string, item: string): string {
    const known = model.items.get(item)
    const mine = model.loans.find((loan) => loan.patron === patron && isOpen(loan))
    if (known === undefined) return 'unknown-item'
    if (mine?.item === item) return 'on-loan-to-you'
    if (!known.ready) return 'not-ready'
    const before = model.loans
      .filter((loan) => loan.item === item && loan.patron === patron)
      .reduce<ModelLoan | undefined>(
        (last, loan) => (last !== undefined && loan.start < last.start ? last : loan),
        undefined,
      )
    if (before && model.now < upToMinute((before.end ?? before.due) + WAIT)) return 'too-soon'
    if (mine !== undefined) return 'other-item-on-loan'
    if (openOf(item).length >= known.copies) return 'no-copies-left'
    if (model.now < model.lastSeen - LATER_BY) return 'clock-back'
    return 'borrowed'
  }

  return {
    model,
    openOf,
    borrow(patron: string, item: string, hours: number): string {
      stamp((loan) => loan.item === item || loan.patron === patron)
      const kind = answer(patron, item)
      if (kind !== 'borrowed') return kind
      const due = upToMinute(model.now + hours * 60 * MINUTE)
      model.loans.push({ patron, item, start: model.now, due, end: null, by: null })
      return kind
    },
    giveBack(patron: string, item: string): string {
      const loan = openOf(item).find((one) => one.patron === patron)
      if (loan === undefined) return 'not-on-loan'
      end(loan, 'reader')
      return 'returned'
    },
    endLoan(number: number): string {
      const loan = model.loans[number - 1]
      if (loan === undefined || !isOpen(loan)) return 'loan-over'
      end(loan, 'staff')
      return 'ended'
    },
    endAll: (item: string) => endSome(openOf(item)),
    takeBack(item: string): number {
      model.items.get(item)!.ready = false
      stamp((loan) => loan.item === item)
      return endSome(openOf(item))
    },
    endNewest(item: string): number {
      const over = openOf(item).length - model.items.get(item)!.copies
      const newestFirst = openOf(item).toSorted(
        (a, b) => b.start - a.start || model.loans.indexOf(b) - model.loans.indexOf(a),
      )
      return endSome(newestFirst.slice(0, Math.max(0, over)))
    },
    lengthen(number: number, hours: number): string {
      const loan = model.loans[number - 1]
      if (loan === undefined || !isOpen(loan)) return 'loan-over'
      if (openOf(loan.item).length > model.items.get(loan.item)!.copies) {
        return 'more-loans-than-copies'
      }
      loan.due = upToMinute(loan.due + hours * 60 * MINUTE)
      return 'lengthened'
    },
    restart(): void {
      model.lastDrift = model.now - model.monotonic
      model.believedFrom = Number.NEGATIVE_INFINITY
    },
    sweep(): void {
      const drift = model.now - model.monotonic
      if (Math.abs(drift - model.lastDrift) > MINUTE)
        model.believedFrom = model.monotonic + 2 * MINUTE
      model.lastDrift = drift
      const believed = model.monotonic >= model.believedFrom
      const wasSetBack = model.now < model.lastSeen - LATER_BY
      if (believed && !wasSetBack) model.lastSeen = Math.max(model.lastSeen, model.now)
      stamp(() => true)
      if (!believed) return
      for (const loan of model.loans) {
        if (loan.end === null) continue
        const isCool = model.now >= upToMinute(loan.end + WAIT)
        if (isCool && model.now >= loan.end + 2 * MINUTE) loan.patron = null
      }
    },
  }
}
