import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { bound } from '../src/listen.ts'

it('4.2 slowloris reading: a client that reads nothing any more is let go', async () => {
  const server = createServer((_, response) => response.end(Buffer.alloc(64 * 1024 * 1024)))
  bound(server, 300)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  onTestFinished(() => void client.destroy())
  const [connection] = await Promise.all([
    once(server, 'connection').then(([socket]) => socket),
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  ])
  client.pause()
  await once(connection, 'close')
  expect(client.bytesRead).toBeLessThan(64 * 1024 * 1024)
})

it('4.2 SIGTERM: a connection over which nothing was sent does not hold up the end', async () => {
  const server = createServer()
  const drain = bound(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await Promise.all([once(client, 'connect'), once(server, 'connection')])
  const closed = once(client, 'close')
  await drain()
  await closed
}, 5_000)
