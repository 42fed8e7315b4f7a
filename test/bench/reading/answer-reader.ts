const NOTHING = Buffer.alloc(0)
/** An end of line follows each chunk. */
const EOL = 2

export interface Answer {
  readonly status: number
  /** No other comes on this connection. */
  readonly isLast: boolean
  /** Length of the body. */
  bytes: number
  /** When its first byte was there, by `performance.now()`; 0 when there is none. */
  firstAt: number
}

/**
 * Understands just enough of HTTP/1.1 to count the bodies of answers to GET: Content-Length and
 * chunks (RFC 9112, section 6). undici, which does all of it, takes four times as long for a tile,
 * and its collections of garbage would be counted as waiting for the server.
 *
 * @param onAnswer is called at the end of each answer
 * @returns takes what comes from the connection; throws when it cannot be understood
 */
export function answerReader(onAnswer: (answer: Answer) => void): (part: Buffer) => void {
  let held = NOTHING
  let answer: Answer | undefined
  /** Bytes until the body or the chunk has ended. */
  let left = 0
  /** Chunks are still to come. */
  let isChunked = false

  function startAnswer(head: string): void {
    const status = Number(head.slice(9, 12))
    const length = status === 204 ? '0' : /^content-length: *(\d+)/im.exec(head)?.[1]
    isChunked = /^transfer-encoding: *chunked/im.test(head)
    if (length === undefined && !isChunked) throw new Error(`an answer without length: ${head}`)
    left = Number(length ?? 0)
    const isLast = /^connection: *close/im.test(head)
    answer = { status, isLast, bytes: left, firstAt: 0 }
  }

  function startChunk(answer: Answer, line: string): void {
    const size = Number.parseInt(line, 16)
    if (Number.isNaN(size)) throw new Error(`not the size of a chunk: ${line}`)
    answer.bytes += size
    left = size + EOL
    isChunked = size > 0
  }

  return (fresh) => {
    const part = held === NOTHING ? fresh : Buffer.concat([held, fresh])
    held = NOTHING
    let at = 0
    while (at < part.length) {
      if (left > 0) {
        const some = Math.min(left, part.length - at)
        if (answer !== undefined) answer.firstAt ||= performance.now()
        left -= some
        at += some
      } else {
        const mark = answer === undefined ? '\r\n\r\n' : '\r\n'
        const end = part.indexOf(mark, at)
        if (end < 0) {
          held = Buffer.from(part.subarray(at))
          return
        }
        const text = part.toString('latin1', at, end)
        at = end + mark.length
        if (answer === undefined) startAnswer(text)
        else startChunk(answer, text)
      }
      if (answer !== undefined && left === 0 && !isChunked) {
        const ended = answer
        answer = undefined
        onAnswer(ended)
      }
    }
  }
}
