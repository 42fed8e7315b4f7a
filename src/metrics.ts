import {
  AggregatorRegistry,
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type MetricObject,
  Registry,
} from 'prom-client'

/** What is read anew each time that somebody asks for the numbers. */
export interface Levels {
  readonly items: number
  readonly openLoans: number
  readonly tileCacheBytes: number
  readonly tileCacheImages: number
  readonly diskCacheBytes: number
  readonly diskCacheImages: number
  readonly diskCacheHits: number
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
  /** The numbers of this process, as another one can add them to its own. */
  numbers(): Promise<Numbers>
}

export type Numbers = readonly MetricObject[]

/** In seconds: a cached tile takes a millisecond, one from a slow image server many. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/**
 * @param ofOthers the numbers of the other processes of the site, to be added in `text`
 */
export function createMetrics(
  levels: () => Levels,
  ofOthers: () => Promise<Numbers[]> = async () => [],
): Metrics {
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
    const level = name as keyof typeof GAUGES
    const aggregator = OF_EACH_PROCESS.includes(level) ? ('sum' as const) : ('first' as const)
    const options = { name: `carrel_${inSnakeCase(name)}`, help, registers, aggregator }
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
  new Counter({
    name: 'carrel_disk_cache_hits_total',
    help: 'Images and info.json that were found on disk instead of being fetched',
    registers,
    collect() {
      this.reset()
      this.inc(levels().diskCacheHits)
    },
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
    async text() {
      const others = await ofOthers()
      if (others.length === 0) return register.metrics()
      const all = [await register.getMetricsAsJSON(), ...others]
      return AggregatorRegistry.aggregate([...all]).metrics()
    },
    numbers: () => register.getMetricsAsJSON(),
  }
}

/** The others are the same for whichever process reads them. */
const OF_EACH_PROCESS: readonly (keyof Levels)[] = ['tileCacheBytes', 'tileCacheImages']

const GAUGES: Readonly<Record<Exclude<keyof Levels, 'diskCacheHits'>, string>> = {
  items: 'Items of the library',
  openLoans: 'Loans that are open now',
  tileCacheBytes: 'Bytes of images that are kept in memory',
  tileCacheImages: 'Images that are kept in memory',
  diskCacheBytes: 'Bytes of images that are kept on disk',
  diskCacheImages: 'Images that are kept on disk, and their info.json',
}

const inSnakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
