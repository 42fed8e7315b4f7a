/** How many random cases: so many in `npm test`, and FUZZ_TIMES as many for whoever has time. */
export const cases = (number: number): number => number * Number(process.env.FUZZ_TIMES ?? 1)
