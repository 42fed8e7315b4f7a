/** One line of the table: what was measured, against what, and what was wanted. */
export interface Result {
  readonly name: string
  /** In words with units, as people read it. */
  readonly measured: string
  readonly reference: string
  /** The figure that the target is about. */
  readonly figure: number
  /** `atLeast`: the larger the better. */
  readonly target: { readonly atLeast: number } | { readonly atMost: number } | undefined
  /** Half the span between the rounds' quartiles, as a part of their median. */
  readonly spread: number
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = part * (sorted.length - 1)
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  return below + (above - below) * (at - Math.floor(at))
}

export function spreadOf(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / median(values)
}

/**
 * Missed: by more than the spread that was seen.
 *
 * @param slack how much less than the target will do: 1 the target itself, 2 half of it
 */
export function isMissed({ figure, target, spread }: Result, slack = 1): boolean {
  if (target === undefined) return false
  if (Number.isNaN(figure)) return true
  if ('atLeast' in target) return figure * (1 + spread) < target.atLeast / slack
  return figure * (1 - spread) > target.atMost * slack
}

export function printed(results: readonly Result[], slack = 1): string {
  const rows = results.map((result) => {
    const { target } = result
    const wanted =
      target === undefined
        ? ''
        : 'atLeast' in target
          ? `>= ${target.atLeast}`
          : `<= ${target.atMost}`
    const verdict = target === undefined ? '' : verdictOn(result, slack)
    const spread = `${Math.round(result.spread * 100)} %`
    const cells = [result.name, result.measured, result.reference, round(result.figure), wanted]
    return `| ${[...cells, spread, verdict].join(' | ')} |`
  })
  const head =
    '| what | measured | reference | figure | target | spread | |\n|---|---|---|---|---|---|---|'
  return [head, ...rows].join('\n')
}

function verdictOn(result: Result, slack: number): string {
  if (isMissed(result, slack)) return 'MISSED'
  return isMissed({ ...result, spread: 0 }, slack) ? 'within the spread' : 'reached'
}

export function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
