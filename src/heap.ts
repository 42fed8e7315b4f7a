import { setFlagsFromString } from 'node:v8'

/**
 * From now on Node collects garbage when its heap, with the images in memory, has grown by four
 * fifths, instead of up to four times: for a process that has started and goes on for long. At the
 * start it would cost time (docs/performance.md, "Memory").
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=80')
}
