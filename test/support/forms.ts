import { crc32, deflateSync } from 'node:zlib'
import type { Site } from './site.ts'

/** Sends a form with files in it, as a page of the site would. */
export function upload(
  site: Site,
  name: string | undefined,
  path: string,
  fields: Record<string, string | Blob>,
): Promise<Response> {
  const body = new FormData()
  for (const [field, value] of Object.entries(fields)) {
    if (typeof value === 'string') body.append(field, value)
    else body.append(field, value, 'a picture')
  }
  return site.as(name, path, { method: 'POST', body, headers: { origin: site.url } })
}

/** A real PNG of so many black pixels a side, one bit each: small to send, large to unpack. */
export function hugePng(side: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, sum])
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(side, 0)
  head.writeUInt32BE(side, 4)
  head[8] = 1
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.alloc(side * (Math.ceil(side / 8) + 1)))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
