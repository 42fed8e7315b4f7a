import { joined, type Opened } from './bounded-get.ts'
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
 * Takes an image in. It is `coming` as soon as its first bytes prove its type and size, so that
 * they can be passed on; it is `found` when all of it was there by then.
 *
 * @param host of the image server, for the log
 * @param signal the caller's own: what it ends is no fault of the image server
 * @throws the reason of `signal`, as `whole` of a coming image does
 */
export function receiveImage(
  opened: Opened,
  host: string,
  signal: AbortSignal | undefined,
): Promise<PixelsAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<PixelsAnswer>()
  const { etag, length } = opened
  const parts: Buffer[] = []
  let got = 0
  let tried = 0
  let head: Head | SourceFault | undefined
  let writer: FlowWriter | undefined

  function onPart(part: Buffer): void {
    parts.push(part)
    got += part.length
    // The last part is held back until the image is checked, so that no reader takes a broken
    // one for whole. Without a length it is the end itself that is held back.
    if (length !== undefined && got >= length) return
    if (writer !== undefined) writer.add(part)
    else if (head === undefined && got >= 2 * tried) tryHead()
  }

  function tryHead(): void {
    tried = got
    head = readHead(Buffer.concat(parts), opened, host)
    if (head === undefined) return
    if ('kind' in head) {
      opened.leave()
      resolve(head)
      return
    }
    writer = createFlow(length)
    for (const part of parts) writer.add(part)
    resolve({ kind: 'coming', ...head, etag, flow: writer.flow, whole, leave: opened.leave })
  }

  async function read(): Promise<FoundImage | SourceFault> {
    const fault = await opened.read(onPart)
    signal?.throwIfAborted()
    return fault ?? (head && 'kind' in head ? head : check(joined(parts), opened, host))
  }

  const whole = read()
  whole.then(
    (answer) => {
      const last = parts.at(-1)
      if (answer.kind === 'found' && length !== undefined && last) writer?.add(last)
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
