import { csvParts } from '../csv.ts'
import { DOWNLOAD_COLUMNS, type DownloadRow } from '../loans/downloads.ts'
import type { Answers } from './answers.ts'
import type { WebDeps } from './context.ts'
import type { Router } from './routes.ts'

type What = keyof typeof DOWNLOAD_COLUMNS

/** The parts of a file: what comes first, what each batch of rows becomes, what comes last. */
interface Format {
  readonly type: string
  parts(batches: Iterable<DownloadRow[]>, what: What): Generator<string>
}

const csv: Format = {
  type: 'text/csv; charset=utf-8; header=present',
  parts: (batches, what) => csvParts(DOWNLOAD_COLUMNS[what], batches),
}

const json: Format = {
  type: 'application/json',
  *parts(batches) {
    let before = '[\n'
    for (const rows of batches) {
      yield before + rows.map((row) => JSON.stringify(row)).join(',\n')
      before = ',\n'
    }
    yield before === '[\n' ? '[]\n' : '\n]\n'
  },
}

const FORMATS: Readonly<Record<string, Format>> = { csv, json }

/** Items and past loans as files, sent as they are read. */
export function downloadRoutes({ route, staffOnly }: Router, deps: WebDeps, answers: Answers) {
  const { clock, downloads, statistics } = deps

  route('/download/:format/:what', {
    GET: staffOnly((c) => {
      const name = c.req.param('format') ?? ''
      const format = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined
      const what = c.req.param('what') ?? ''
      if (format === undefined || !isWhat(what)) return answers.refuse(c, { kind: 'not-found' })
      const file = `carrel-${what}-${statistics.dayOf(clock.now())}.${name}`
      const headers = {
        'Content-Type': format.type,
        'Content-Disposition': `attachment; filename="${file}"`,
        'Cache-Control': 'no-store',
      }
      if (c.req.method === 'HEAD') return c.body(null, 200, headers)
      return c.body(streamOf(format.parts(downloads[what](), what)), 200, headers)
    }),
  })
}

const isWhat = (text: string): text is What => Object.hasOwn(DOWNLOAD_COLUMNS, text)

/** Makes the next part when the client has taken the one before. */
function streamOf(parts: Generator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream(
    {
      pull(controller) {
        const { done, value } = parts.next()
        if (done) controller.close()
        else controller.enqueue(encoder.encode(value))
      },
    },
    { highWaterMark: 1 },
  )
}
