import type { WebContext } from './context.ts'
import { type FormReading, readForm } from './forms.ts'
import type { Refused } from './refusals.ts'

export interface Upload {
  readonly name: string
  readonly bytes: Uint8Array
}

export type UploadReading =
  | {
      readonly kind: 'form'
      readonly fields: ReadonlyMap<string, string>
      /** Those that somebody chose; one over the largest size is cut there. */
      readonly files: ReadonlyMap<string, Upload>
    }
  | Extract<FormReading, { kind: 'refused' }>

/** All fields together that are not files. */
const LARGEST_FIELDS_BYTES = 64 * 1024
/** Read and thrown away, so that the browser gets an answer and what was typed is not lost. */
const LARGEST_UPLOAD_BYTES = 100 * 1024 * 1024

const refusedAs = (refused: Refused): UploadReading => ({ kind: 'refused', refused })

/**
 * Reads a form with a file in it (multipart/form-data, RFC 7578), or an ordinary form. Each field
 * once, the file after the fields. A file that is too large is cut a little over `largestFile`:
 * whoever looks at its size refuses it, with the rest of the form at hand.
 *
 * @param largestFile bytes
 */
export async function readUpload(c: WebContext, largestFile: number): Promise<UploadReading> {
  const type = c.req.header('content-type') ?? ''
  const boundary = /^multipart\/form-data\s*;\s*boundary=("?)([^"\s;]{1,70})\1\s*$/i.exec(type)?.[2]
  if (boundary === undefined) {
    const form = await readForm(c)
    return form.kind === 'refused' ? form : { ...form, files: new Map() }
  }
  const body = await readBody(c.req.raw, largestFile + LARGEST_FIELDS_BYTES)
  if (body === undefined) return refusedAs({ kind: 'form-too-large' })
  const end = body.isCut ? [Buffer.from(`\r\n--${boundary}--\r\n`)] : []
  const whole = new Response(Buffer.concat([...body.chunks, ...end]), {
    headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` },
  })
  const parts = await whole.formData().catch(() => undefined)
  if (parts === undefined) {
    return refusedAs({ kind: 'bad-form', why: 'It is not encoded as a form, or it was cut off.' })
  }
  return readParts(parts)
}

async function readParts(parts: FormData): Promise<UploadReading> {
  const fields = new Map<string, string>()
  const files = new Map<string, Upload>()
  const seen = new Set<string>()
  let bytes = 0
  for (const [name, value] of parts) {
    if (seen.has(name)) {
      return refusedAs({ kind: 'bad-form', why: `The field ${name} was sent twice.` })
    }
    seen.add(name)
    if (typeof value === 'string') {
      bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
      if (value.includes('\uFFFD')) {
        return refusedAs({ kind: 'bad-form', why: `The field ${name} is not UTF-8.` })
      }
      fields.set(name, value.replaceAll('\r\n', '\n'))
    } else if (value.name !== '' || value.size > 0) {
      files.set(name, { name: value.name, bytes: await value.bytes() })
    }
  }
  if (bytes > LARGEST_FIELDS_BYTES) return refusedAs({ kind: 'form-too-large' })
  return { kind: 'form', fields, files }
}

async function readBody(
  request: Request,
  kept: number,
): Promise<{ chunks: Uint8Array[]; isCut: boolean } | undefined> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    if (bytes < kept) chunks.push(chunk.subarray(0, kept - bytes))
    bytes += chunk.length
    if (bytes > LARGEST_UPLOAD_BYTES) return undefined
  }
  return { chunks, isCut: bytes > kept }
}
