import { once } from 'node:events'
import { Agent, createServer, get, type Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { queryObjects } from 'node:v8'
import { expect, it, onTestFinished } from 'vitest'
import { refuseUnreadable, secureAnswers } from '../../src/web/wire.ts'

async function answered(server: Server, agent: Agent): Promise<void> {
  const { port } = server.address() as AddressInfo
  const [answer] = await once(get({ port, agent }), 'response')
  await once(answer.resume(), 'end')
}

it('keeps nothing of a request that was answered, while its connection waits for the next', async () => {
  const server = createServer((_, answer) => answer.end('x'))
  secureAnswers(server)
  refuseUnreadable(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 50 })
  onTestFinished(() => {
    agent.destroy()
    server.close()
  })
  const before = queryObjects(ServerResponse, { format: 'count' })
  await Promise.all(Array.from({ length: 50 }, () => answered(server, agent)))
  expect(await new Promise((done) => server.getConnections((_, count) => done(count)))).toBe(50)
  expect(queryObjects(ServerResponse, { format: 'count' })).toBe(before)
})
