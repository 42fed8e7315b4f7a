import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What is read anew each time that somebody asks for the numbers. */
export interface Levels {
  readonly items: number
  readonly openLoans: number
  readonly tileCacheBytes: number
  readonly tileCacheImages: number
}

/**
 * Numbers for the operator, in Prometheus's text format. A route is the pattern of an address:
 * no barcode, no patron and no path is ever part of a number's name.
 */
export interface Metrics {
  /** @param seconds from the request's head to the answer's */
  answered(route: string, status: number, seconds: number): void
  /** The same, for an image that was kept in memory. */
  kept(route: string, status: number, seconds: number): void
  readonly contentType: string
  text(): Promise<string>
}

/** In seconds: a cached tile takes a millisecond, one from a slow image server many. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export function createMetrics(levels: () => Levels): Metrics {
  const register = new Registry()
  collectDefaultMetrics({ register })
  const registers = [register]
  const answers = new Counter({
    name: 'carrel_answers_total',
    help: 'Answers given, by the pattern of the address and the status',
    labelNames: ['route', 'status'],
    registers,
  })
  const times = new Histogram({
    name: 'carrel_answer_seconds',
    help: 'Time until an answer began, by the pattern of the address',
    labelNames: ['route'],
    buckets: BUCKETS,
    registers,
  })
  for (const [name, help] of Object.entries(GAUGES)) {
    const level = name as keyof Levels
    const options = { name: `carrel_${inSnakeCase(name)}`, help, registers }
    new Gauge({
      ...options,
      collect() {
        this.set(levels()[level])
      },
    })
  }
  const hits = new Counter({
    name: 'carrel_kept_images_total',
    help: 'Answers with an image that was kept in memory',
    registers,
  })
  function answered(route: string, status: number, seconds: number): void {
    answers.inc({ route, status })
    times.observe({ route }, seconds)
  }
  return {
    answered,
    kept(route, status, seconds) {
      answered(route, status, seconds)
      hits.inc()
    },
    contentType: register.contentType,
    text: () => register.metrics(),
  }
}

const GAUGES: Readonly<Record<keyof Levels, string>> = {
  items: 'Items of the library',
  openLoans: 'Loans that are open now',
  tileCacheBytes: 'Bytes of images that are kept in memory',
  tileCacheImages: 'Images that are kept in memory',
}

const inSnakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
