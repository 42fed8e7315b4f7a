import { gzipSync } from 'node:zlib'
import { answer, type Script } from './fault-upstream.ts'

/** Ways in which an image server fails, each by its name in the catalogue of faults. */
export function faults(jpeg: Buffer) {
  const give =
    (bytes: Buffer): Script =>
    (socket) =>
      void socket.end(bytes)
  const half = jpeg.subarray(0, jpeg.length >> 1)
  const status = (code: number, headers = '') =>
    give(answer('at /srv/secret/path', { status: code, type: 'text/html', headers }))
  return {
    '500': status(500),
    '400': status(400),
    '401': status(401),
    '403': status(403),
    '404': status(404),
    '429': status(429, 'Retry-After: 7\r\n'),
    '502': status(502),
    '503': status(503),
    '204': give(answer('', { status: 204, length: null })),
    empty: give(answer('')),
    /** Less than its length says. */
    'trunc-cl': give(answer(half, { length: jpeg.length })),
    /** The connection ends between two chunks. */
    'trunc-chunked': give(chunked(jpeg).subarray(0, -5)),
    /** HTTP/1.0: the body ends with the connection, too early. */
    'trunc-close': give(answer(half, { length: null })),
    html200: give(answer('<html>Please sign in</html>', { type: 'text/html' })),
    'html200-as-jpeg': give(answer('<html>Please sign in</html>')),
    svg: give(
      answer('<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>', { type: 'image/svg+xml' }),
    ),
    'redir-meta': status(302, 'Location: http://169.254.169.254/latest/meta-data\r\n'),
    /** More than anybody reads, and it says so. */
    huge: give(answer(jpeg, { length: 3e8 })),
    'huge-chunked': pour,
    /** A byte every 20 ms: each comes in time, the whole never does. */
    drip: dripping(answer(jpeg)),
    noreply: () => {},
    bighdr: give(answer(jpeg, { headers: `X-Big: ${'x'.repeat(40_000)}\r\n` })),
    'gzip-lie': give(answer(jpeg, { headers: 'Content-Encoding: gzip\r\n' })),
    gzip: give(answer(gzipSync(jpeg), { headers: 'Content-Encoding: gzip\r\n' })),
    setcookie: give(
      answer(jpeg, {
        headers:
          'Set-Cookie: spy=1\r\nServer: Cantaloupe/5\r\nX-Powered-By: Jetty\r\n' +
          'Link: <http://images.internal/iiif/x/full/full/0/default.jpg>;rel="canonical"\r\n' +
          'Content-Disposition: attachment; filename="secret.tif"\r\n',
      }),
    ),
    reset: (socket) => void socket.resetAndDestroy(),
    garbage: give(Buffer.from('SSH-2.0-OpenSSH_9.9\r\n\r\n')),
  } satisfies Record<string, Script>

  /** Chunks of the beginning of a JPEG, then of anything, without end. */
  function pour(socket: Parameters<Script>[0]): void {
    const chunk = (bytes: Buffer) =>
      Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
    const more = chunk(Buffer.alloc(65_536, 7))
    const goOn = () => {
      while (!socket.destroyed && socket.write(more)) {}
    }
    socket.write(answer('', { length: null, headers: 'Transfer-Encoding: chunked\r\n' }))
    socket.write(chunk(half))
    socket.on('drain', goOn)
    goOn()
  }
}

function dripping(bytes: Buffer): Script {
  return (socket) => {
    let sent = 0
    const timer = setInterval(() => socket.write(bytes.subarray(sent, ++sent)), 20)
    socket.on('close', () => clearInterval(timer))
  }
}

/** A whole answer in chunks of 7000 bytes. */
export function chunked(body: Buffer): Buffer {
  const parts: Buffer[] = [answer('', { length: null, headers: 'Transfer-Encoding: chunked\r\n' })]
  for (let at = 0; at < body.length; at += 7000) {
    const part = body.subarray(at, at + 7000)
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}
