/** Why the scans of an item cannot be converted, in words for staff, naming the file. */
export interface Problem {
  readonly kind: 'problem'
  readonly reason: string
}

export function problem(reason: string): Problem {
  return { kind: 'problem', reason }
}
