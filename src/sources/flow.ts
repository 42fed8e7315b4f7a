/** Bytes that are still coming. Any number of readers can follow, each from the first part on. */
export interface Flow {
  /** In bytes, if it is known. */
  readonly length: number | undefined
  /**
   * The part with this number, from 0, as soon as it is there.
   *
   * @returns `end` after the last one; `broken`: the rest will never come, and what came is no good
   */
  part(number: number): Promise<Buffer | 'end' | 'broken'>
}

export interface FlowWriter {
  readonly flow: Flow
  add(part: Buffer): void
  finish(how: 'end' | 'broken'): void
}

export function createFlow(length: number | undefined): FlowWriter {
  const parts: Buffer[] = []
  let finished: 'end' | 'broken' | undefined
  let change = Promise.withResolvers<void>()

  function tell(): void {
    change.resolve()
    change = Promise.withResolvers()
  }
  return {
    flow: {
      length,
      async part(number) {
        while (parts[number] === undefined && finished === undefined) await change.promise
        return parts[number] ?? finished ?? 'broken'
      },
    },
    add(part) {
      parts.push(part)
      tell()
    },
    finish(how) {
      finished = how
      tell()
    },
  }
}
