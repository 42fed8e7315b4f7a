import { joined } from './bounded-get.ts'
import type { Opened, Taker } from './exchange.ts'
import { createFlow, type FlowWriter } from './flow.ts'
import { sizeOf } from './image-size.ts'
import { isWhole, typeOf } from './image-type.ts'
import {
  badAnswer,
  type FoundImage,
  type ImageType,
  type PixelsAnswer,
  type Size,
  type SourceFault,
} from './source.ts'

/** Every type can be told by so many bytes. */
const TYPE_BYTES = 12

interface Head extends Size {
  readonly type: ImageType
}

/**
 * Takes an image in. It is `coming` when its first bytes have proved its type and size, so that they
 * can be passed on; it is `found` when the rest came with them, in one turn of the event loop.
 *
 * @param get asks for it
 * @param host of the image server, for the log
 * @param signal the caller's own: what it ends is no fault of the image server
 * @throws the reason of `signal`, as `whole` of a coming image does
 */
export function receiveImage(
  get: (taker: Taker) => Promise<Opened | SourceFault>,
  host: string,
  signal: AbortSignal | undefined,
): Promise<PixelsAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<PixelsAnswer>()
  const parts: Buffer[] = []
  /** All of the image, if its length is known: then `parts` are views of it. */
  let room: Buffer<ArrayBuffer> | undefined
  let writer: FlowWriter | undefined

  function taker(answer: Opened) {
    const { length, etag, leave } = answer
    if (length !== undefined) room = Buffer.allocUnsafeSlow(length)
    let got = 0
    let tried = 0
    let head: Head | undefined

    function tryHead(): SourceFault | undefined {
      tried = got
      const read = readHead(room?.subarray(0, got) ?? Buffer.concat(parts), answer, host)
      if (read === undefined || 'kind' in read) return read
      head = read
      setImmediate(begin, read)
      return undefined
    }

    function begin(read: Head): void {
      if (got === length) return
      writer = createFlow(length)
      for (const part of parts) writer.add(part)
      resolve({ kind: 'coming', ...read, etag, flow: writer.flow, whole, leave })
    }

    return (part: Buffer): SourceFault | undefined => {
      const ours = room?.subarray(got, got + part.length) ?? part
      if (room !== undefined) part.copy(ours)
      parts.push(ours)
      got += part.length
      // The last part is held back until the image is checked, so that no reader takes a broken
      // one for whole. Without a length it is the end itself that is held back.
      if (got === length) return undefined
      if (writer !== undefined) writer.add(ours)
      else if (head === undefined && got >= 2 * tried) return tryHead()
      return undefined
    }
  }

  async function read(): Promise<FoundImage | SourceFault> {
    const answer = await get(taker)
    signal?.throwIfAborted()
    return answer.kind === 'opened' ? check(room ?? joined(parts), answer, host) : answer
  }

  const whole = read()
  whole.then(
    (answer) => {
      const last = parts.at(-1)
      if (answer.kind === 'found' && room !== undefined && last) writer?.add(last)
      writer?.finish(answer.kind === 'found' ? 'end' : 'broken')
      resolve(answer)
    },
    (reason) => {
      writer?.finish('broken')
      reject(reason)
    },
  )
  return promise
}

/** @returns undefined when more bytes must tell */
function readHead(bytes: Buffer, opened: Opened, host: string): Head | SourceFault | undefined {
  const { mime, delimited } = opened
  const type = typeOf(bytes)
  if (type === undefined && bytes.length < TYPE_BYTES) return undefined
  const said = mime === 'image/jpg' ? 'image/jpeg' : mime
  if (type === undefined || type !== said) {
    return badAnswer('type', { type: mime, got: bytes.length, host })
  }
  // The end of a body that ends with its connection (HTTP/1.0) must be proved by the image itself.
  const provable = delimited || type === 'image/jpeg' || type === 'image/png'
  if (!provable) return badAnswer('truncated', { got: bytes.length, host })
  const size = sizeOf(bytes, type)
  return size && { type, ...size }
}

function check(bytes: Buffer<ArrayBuffer>, opened: Opened, host: string): FoundImage | SourceFault {
  const got = bytes.length
  const head = readHead(bytes, opened, host)
  if (head === undefined) return badAnswer('type', { type: opened.mime, got, host })
  if ('kind' in head) return head
  if (!isWhole(bytes, head.type)) return badAnswer('truncated', { got, host })
  return { kind: 'found', bytes, ...head, etag: opened.etag }
}
