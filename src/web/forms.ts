import type { WebContext } from './context.ts'
import type { Refused } from './refusals.ts'

/** The fields of a form, each once. */
export type FormReading =
  | { readonly kind: 'form'; readonly fields: ReadonlyMap<string, string> }
  | { readonly kind: 'refused'; readonly refused: Refused }

/** Larger than any form of these pages: titles and notes are bounded far below. */
const LARGEST_FORM_BYTES = 64 * 1024

const refusedAs = (refused: Refused): FormReading => ({ kind: 'refused', refused })
const badEncoding = refusedAs({ kind: 'bad-form', why: 'It is not encoded as a form.' })

/** What a form of ours always sends. */
export function missingField(name: string): Refused {
  return { kind: 'bad-form', why: `The field ${name} is missing.` }
}

/**
 * Reads an ordinary form (application/x-www-form-urlencoded) strictly: no field twice, no percent
 * sign that is not an escape, nothing that is not UTF-8, and ASCII alone on the wire.
 */
export async function readForm(c: WebContext): Promise<FormReading> {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') return refusedAs({ kind: 'not-a-form' })
  const body = await readAtMost(c.req.raw, LARGEST_FORM_BYTES)
  if (body === undefined) return refusedAs({ kind: 'form-too-large' })
  if (!/^[\x20-\x7e]*$/.test(body)) return badEncoding
  const fields = new Map<string, string>()
  for (const pair of body.split('&').filter((part) => part !== '')) {
    const equals = pair.indexOf('=')
    const name = decode(equals < 0 ? pair : pair.slice(0, equals))
    const value = decode(equals < 0 ? '' : pair.slice(equals + 1))
    if (name === undefined || value === undefined) return badEncoding
    if (fields.has(name)) {
      return refusedAs({ kind: 'bad-form', why: `The field ${name} was sent twice.` })
    }
    fields.set(name, value)
  }
  return { kind: 'form', fields }
}

async function readAtMost(request: Request, largest: number): Promise<string | undefined> {
  if (request.body === null) return ''
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body) {
    bytes += chunk.length
    if (bytes > largest) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('latin1')
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' ')).replaceAll('\r\n', '\n')
  } catch {
    return undefined
  }
}
