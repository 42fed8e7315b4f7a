import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { HOUR } from '../../src/clock.ts'
import { answer, type Script } from '../support/fault-upstream.ts'
import { putRemoteManifest } from '../support/remote-item.ts'
import { noisyJpeg, PAGE, type RemoteSite, remoteSite, TILE } from '../support/remote-site.ts'

type Socket = Parameters<Script>[0]

/** An image server that sends half of each image and waits to be told to send the rest. */
function halving(remote: RemoteSite) {
  const bytes = answer(remote.jpeg)
  const half = bytes.length >> 1
  const state = {
    sockets: [] as Socket[],
    sentAt: 0,
    closed: 0,
    sendRest: () => void state.sockets.at(-1)?.write(bytes.subarray(half)),
  }
  remote.play((socket) => {
    state.sockets.push(socket)
    socket.on('close', () => state.closed++)
    state.sentAt = performance.now()
    socket.write(bytes.subarray(0, half))
  })
  return state
}

async function until(condition: () => boolean): Promise<void> {
  for (let n = 0; n < 500 && !condition(); n++) await wait(10)
  expect(condition()).toBe(true)
}

/** What is left unread holds the connection, and with it the end of the test. */
async function statusOf(asked: Promise<Response>): Promise<number> {
  const got = await asked
  await got.arrayBuffer()
  return got.status
}

const bytesOf = async (got: Response) => Buffer.from(await got.arrayBuffer())

describe('a cold tile', () => {
  it('6.3: reaches the reader within 10 ms of its first byte, and whole in the end', async () => {
    const remote = await remoteSite()
    const state = halving(remote)
    const delays: number[] = []
    for (let n = 0; n < 6; n++) {
      const got = await remote.tile(`${n},0,512,512/512,512/0/default.jpg`)
      const reader = got.body!.getReader()
      const first = await reader.read()
      delays.push(performance.now() - state.sentAt)
      expect(got.headers.get('content-length')).toBe(String(remote.jpeg.length))
      state.sendRest()
      const parts = [Buffer.from(first.value!)]
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        parts.push(Buffer.from(part.value))
      }
      expect(Buffer.concat(parts).equals(remote.jpeg)).toBe(true)
    }
    expect(Math.min(...delays), 'the best: other work delays the rest').toBeLessThan(10)
  })

  it('1.5 stampede: is asked for once by 50 readers, those who come late too', async () => {
    const remote = await remoteSite()
    const state = halving(remote)
    const early = Array.from({ length: 25 }, () => remote.tile())
    await Promise.race(early)
    const late = Array.from({ length: 25 }, () => remote.tile())
    const answers = await Promise.all([...early, ...late])
    state.sendRest()
    for (const got of answers) expect((await bytesOf(got)).equals(remote.jpeg)).toBe(true)
    expect(remote.pixels()).toHaveLength(1)
    expect(await statusOf(remote.tile())).toBe(200)
    expect(remote.pixels(), 'kept').toHaveLength(1)
  })

  it('1.5 stampede: goes on for the others when the first reader goes away', async () => {
    const remote = await remoteSite()
    const state = halving(remote)
    const gone = new AbortController()
    const first = await remote.tile(TILE, { signal: gone.signal })
    const second = await remote.tile()
    gone.abort()
    await expect(first.arrayBuffer()).rejects.toThrow()
    await wait(50)
    state.sendRest()
    expect((await bytesOf(second)).equals(remote.jpeg)).toBe(true)
    expect(remote.pixels()).toHaveLength(1)
  })

  it('1.5 stampede: fails for all who waited, and the next reader asks anew', async () => {
    const remote = await remoteSite()
    remote.play(async (socket) => {
      await wait(100)
      socket.end(answer('', { status: 500 }))
    })
    const failed = await Promise.all([1, 2, 3].map(() => remote.tile()))
    expect(failed.map(({ status }) => status)).toEqual([502, 502, 502])
    expect(remote.pixels()).toHaveLength(1)
    remote.play((socket) => void socket.write(answer(remote.jpeg)))
    expect(await statusOf(remote.tile())).toBe(200)
  })

  it('4.1 client abort: leaves the image server when nobody waits any more', async () => {
    const remote = await remoteSite()
    const state = halving(remote)
    const gone = new AbortController()
    const both = await Promise.all([1, 2].map(() => remote.tile(TILE, { signal: gone.signal })))
    expect(state.closed).toBe(0)
    gone.abort()
    await until(() => state.closed === 1)
    for (const got of both) await got.body?.cancel().catch(() => {})
    expect(remote.site.log.filter(({ msg }) => msg.startsWith('upstream.'))).toEqual([])
    // Nothing of the half image was kept.
    const next = await remote.tile()
    state.sendRest()
    expect((await bytesOf(next)).equals(remote.jpeg)).toBe(true)
    expect(remote.pixels()).toHaveLength(2)
  })

  it('has the image server’s entity tag made ours, the same while it comes and from the cache', async () => {
    const remote = await remoteSite()
    const bytes = answer(remote.jpeg, { headers: 'ETag: "abc"\r\n' })
    remote.play(async (socket) => {
      socket.write(bytes.subarray(0, 20_000))
      await wait(30)
      socket.write(bytes.subarray(20_000))
    })
    const cold = await remote.tile()
    await cold.arrayBuffer()
    const etag = cold.headers.get('etag')!
    expect(etag).toMatch(/^"[\w-]{22}"$/)
    expect((await remote.tile()).headers.get('etag')).toBe(etag)
    expect((await remote.tile(TILE, { headers: { 'if-none-match': etag } })).status).toBe(304)
    const other = await remote.tile('512,0,512,512/512,512/0/default.jpg')
    await other.arrayBuffer()
    expect(other.headers.get('etag'), 'another tile with the same tag there').not.toBe(etag)
  })
})

describe('the loan', () => {
  it('1.8 loan ends in flight: an answer that was begun may finish', async () => {
    const remote = await remoteSite()
    const state = halving(remote)
    const got = await remote.tile()
    remote.site.clock.t += 2 * HOUR
    state.sendRest()
    expect((await bytesOf(got)).equals(remote.jpeg)).toBe(true)
    expect(await statusOf(remote.tile())).toBe(403)
  })

  it('2 Cantaloupe: decides before the cache does', async () => {
    const remote = await remoteSite()
    remote.play((socket) => void socket.write(answer(remote.jpeg)))
    await (await remote.tile()).arrayBuffer()
    await remote.site.post('ann', '/return/A')
    expect(await statusOf(remote.tile())).toBe(403)
  })

  it('2 Cantaloupe: a withdrawn item gives no tile from the cache', async () => {
    const remote = await remoteSite()
    remote.play((socket) => void socket.write(answer(remote.jpeg)))
    await (await remote.tile()).arrayBuffer()
    await remote.site.post('lee', '/ready', { barcode: 'A', ready: 'no', readers: 'end' })
    expect(await statusOf(remote.tile())).toBe(403)
    expect((await remote.site.as('lee', `/iiif/A/1/${TILE}`)).status).toBe(403)
  })
})

describe('a cached image', () => {
  it('1.5 item replaced: is never that of another manifest', async () => {
    const remote = await remoteSite()
    const { site } = remote
    const scans: Record<string, Buffer> = { x: remote.jpeg, y: await noisyJpeg(500) }
    remote.play((socket, { target }) => {
      socket.write(answer(scans[target.split('/')[2] ?? ''] ?? ''))
    })
    const first = await bytesOf(await remote.tile())
    putRemoteManifest(site, remote, 'A', { ...PAGE, names: ['y'] })
    await site.post('bob', '/loan', { barcode: 'A' })
    const next = await bytesOf(await site.as('bob', `/iiif/A/1/${TILE}`))
    expect(next.equals(scans.y!)).toBe(true)
    expect((await bytesOf(await remote.tile())).equals(first), 'the running loan').toBe(true)
  })
})
