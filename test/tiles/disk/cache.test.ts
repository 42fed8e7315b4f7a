import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DAY, MINUTE } from '../../../src/clock.ts'
import { type Log, SILENT } from '../../../src/log.ts'
import { remoteSource } from '../../../src/sources/remote.ts'
import { type DiskCache, openDiskCache } from '../../../src/tiles/disk/cache.ts'
import { removeDiskFile } from '../../../src/tiles/disk/file.ts'
import { tilesFrom } from '../../../src/tiles/serve.ts'
import { testClock } from '../../support/clock.ts'
import { bytesFor, keyFor } from '../../support/disk-writer.ts'
import { answer, faultUpstream } from '../../support/fault-upstream.ts'
import { testFolder } from '../../support/folder.ts'
import { noisyJpeg } from '../../support/remote-site.ts'
import { canMount, smallDisk } from '../../support/small-disk.ts'

const MB = 1024 * 1024
const WRITER = join(import.meta.dirname, '../../support/disk-writer.ts')

interface Opened extends DiskCache {
  readonly file: string
  readonly lines: { event: string; [key: string]: unknown }[]
  readonly clock: ReturnType<typeof testClock>
  /** Puts the images with these numbers of item `A`, or another, and waits until they are written. */
  fill(from: number, to: number, barcode?: string): Promise<void>
  /** Numbers of those that are there; each must be the right one. */
  there(from: number, to: number, barcode?: string): Promise<number[]>
}

async function open(
  folder: string,
  megabytes = 32,
  // A machine that does other work too is no disk that hangs.
  longestReadMs = 20_000,
): Promise<Opened> {
  const clock = testClock()
  const lines: Opened['lines'] = []
  const hear = (line: unknown, event?: string) =>
    void lines.push({ ...(line as object), event: event ?? '' })
  const log = { debug: hear, info: hear, warn: hear, error: hear } as Log
  const cache = await openDiskCache({
    folder,
    bytes: megabytes * MB,
    variant: '',
    clock,
    log,
    monotonic: () => clock.now(),
    longestReadMs,
  })
  onTestFinished(cache.close)
  return {
    ...cache,
    file: join(folder, 'tiles.db'),
    lines,
    clock,
    async fill(from, to, barcode = 'A') {
      for (let n = from; n < to; n++) {
        const key = keyFor(barcode, n)
        cache.put(key, { bytes: bytesFor(key), etag: `"${n}"` })
        if (n % 100 === 0) await cache.tidy(() => true)
      }
      await cache.tidy(() => true)
    },
    async there(from, to, barcode = 'A') {
      const found: number[] = []
      for (let n = from; n < to; n++) {
        const kept = await cache.get(keyFor(barcode, n))
        if (kept === undefined) continue
        expect(bytesFor(keyFor(barcode, n)).equals(kept.bytes), `image ${n}`).toBe(true)
        expect(kept.etag).toBe(`"${n}"`)
        found.push(n)
      }
      return found
    },
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n)
const eventsOf = (cache: Opened) => cache.lines.map(({ event }) => event)

function startWriter(folder: string, megabytes: number, barcode: string, count: number) {
  const args = [WRITER, folder, String(megabytes), barcode, String(count)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  return { child, output: () => output }
}

const ended = (child: ChildProcess) =>
  child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined

describe('the cache on disk', () => {
  it('1.5 disk: gives after a restart what was put there, and is for this account alone', async () => {
    const folder = join(testFolder(), 'deep/tile-cache')
    const before = await open(folder)
    expect(await before.there(0, 1)).toEqual([])
    await before.fill(0, 5)
    expect(await before.there(0, 6)).toEqual(range(0, 5))
    expect(before.held()).toMatchObject({ images: 5, hits: 5 })
    await before.close()
    const after = await open(folder)
    expect(await after.there(0, 6)).toEqual(range(0, 5))
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(folder)) {
      expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600)
    }
    expect([...before.lines, ...after.lines]).toEqual([])
  })

  it('1.5 disk: stays within its bytes, and lets go what was used longest ago', async () => {
    const cache = await open(testFolder(), 16)
    let largest = 0
    for (let n = 0; n < 900; n += 50) {
      await cache.fill(n, n + 50)
      cache.clock.t += 1000
      // The first ones are read again and again; uses are written down 64 at a time.
      for (let times = 0; times < 7; times++) await cache.there(0, 10)
      largest = Math.max(largest, statSync(cache.file).size)
      expect(statSync(`${cache.file}-wal`).size).toBeLessThanOrEqual(8 * MB)
    }
    expect(largest).toBeLessThanOrEqual(16 * MB)
    expect(largest).toBeGreaterThan(14 * MB)
    const left = await cache.there(0, 900)
    expect(left.slice(0, 10)).toEqual(range(0, 10))
    const others = left.slice(10)
    expect(others).toEqual(range(900 - others.length, 900))
    expect(others.length).toBeGreaterThan(150)
    expect(cache.lines).toEqual([])
  })

  it('keeps nothing that is more than an eighth of it', async () => {
    const cache = await open(testFolder(), 16)
    cache.put('A\nlarge', { bytes: Buffer.alloc(3 * MB), etag: '' })
    await cache.fill(0, 1)
    expect(await cache.get('A\nlarge')).toBeUndefined()
    expect(cache.held().images).toBe(1)
  })

  it('begins anew where it is given less room than it takes', async () => {
    const folder = testFolder()
    const large = await open(folder, 64)
    await large.fill(0, 500)
    await large.close()
    const small = await open(folder, 16)
    expect(statSync(small.file).size).toBeLessThan(MB)
    await small.fill(0, 2)
    expect(await small.there(0, 500)).toEqual([0, 1])
  })

  it('2 Cantaloupe: overwrites what nobody may read any more, and what is older than 30 days', async () => {
    const cache = await open(testFolder())
    const marks = ['A', 'B'].map((item) => bytesFor(keyFor(item, 0)).subarray(0, 64))
    const traces = () =>
      marks.map((mark) =>
        readdirSync(join(cache.file, '..')).some((name) =>
          readFileSync(join(cache.file, '..', name)).includes(mark),
        ),
      )
    await cache.fill(0, 3, 'A')
    await cache.fill(0, 3, 'B')
    expect(traces()).toEqual([true, true])
    await cache.tidy((barcode) => barcode !== 'A')
    expect(await cache.there(0, 3, 'A')).toEqual([])
    expect(await cache.there(0, 3, 'B')).toEqual([0, 1, 2])
    expect(traces()).toEqual([false, true])
    expect(cache.lines).toEqual([{ event: 'disk-cache.forgot', items: 1 }])
    cache.clock.t += 31 * DAY
    await cache.tidy(() => true)
    expect(traces()).toEqual([false, false])
    expect(cache.held()).toMatchObject({ images: 0 })
  })

  it('tells images of one watermark from those of another', async () => {
    const folder = testFolder()
    const plain = await open(folder)
    await plain.fill(0, 1)
    const parts = { folder, bytes: 32 * MB, clock: testClock(), log: SILENT, monotonic: () => 0 }
    const marked = await openDiskCache({ ...parts, variant: 'mark' })
    onTestFinished(marked.close)
    expect(await marked.get(keyFor('A', 0))).toBeUndefined()
  })
})

describe('the cache on a disk that fails', () => {
  it('1.5 disk damaged: never gives an image of which a bit has changed, and says so once', async () => {
    const folder = testFolder()
    const before = await open(folder)
    await before.fill(0, 20)
    await before.close()
    const file = readFileSync(before.file)
    // Deep inside of the bytes of one image, which no structure of SQLite holds.
    const at = file.indexOf(bytesFor(keyFor('A', 7)).subarray(0, 64)) + 100
    expect(at).toBeGreaterThan(100)
    file[at]! ^= 0x04
    writeFileSync(before.file, file)
    const cache = await open(folder)
    expect(await cache.there(0, 20)).toEqual(range(0, 20).filter((n) => n !== 7))
    expect(await cache.there(7, 8)).toEqual([])
    expect(eventsOf(cache)).toEqual(['disk-cache.damaged'])
    await cache.fill(7, 8)
    expect(await cache.there(0, 20)).toEqual(range(0, 20))
  })

  let good: Buffer | undefined
  async function fileOf50(): Promise<Buffer> {
    const cache = await open(testFolder())
    await cache.fill(0, 50)
    await cache.close()
    return readFileSync(cache.file)
  }
  const damages: [string, (file: string) => void][] = [
    ['was cut', (file) => truncateSync(file, Math.floor(statSync(file).size / 3))],
    ['was cut inside of its first page', (file) => truncateSync(file, 50)],
    ['is empty', (file) => truncateSync(file, 0)],
    ['is text', (file) => writeFileSync(file, 'a note of somebody else '.repeat(1000))],
    ['was overwritten', (file) => writeFileSync(file, Buffer.alloc(statSync(file).size, 0xa5))],
    [
      'is of another version',
      (file) => {
        const sqlite = new Sqlite(file)
        sqlite.pragma('user_version = 7')
        sqlite.close()
      },
    ],
    [
      'is wrong inside',
      (file) => {
        const bytes = readFileSync(file)
        for (let page = 1; page < bytes.length / 8192; page++)
          bytes.fill(0xff, page * 8192, page * 8192 + 40)
        writeFileSync(file, bytes)
      },
    ],
  ]
  it.each(damages)(
    '1.5 disk damaged: throws a file away that %s, and begins anew after a minute',
    async (_, damage) => {
      const folder = testFolder()
      good ??= await fileOf50()
      writeFileSync(join(folder, 'tiles.db'), good)
      damage(join(folder, 'tiles.db'))
      const cache = await open(folder)
      await cache.there(0, 50)
      expect(eventsOf(cache)).toEqual(['disk-cache.damaged'])
      cache.clock.t += MINUTE
      await cache.fill(50, 60)
      expect(await cache.there(50, 60)).toEqual(range(50, 60))
      await cache.there(0, 50)
      expect(eventsOf(cache)).toEqual(['disk-cache.damaged'])
    },
  )

  it('1.5 disk: leaves what another program put into its folder', async () => {
    const folder = testFolder()
    const file = join(folder, 'tiles.db')
    const foreign = new Sqlite(file)
    // More than the cache may have.
    foreign.exec('create table theirs (a blob) strict; insert into theirs values (zeroblob(4e7))')
    foreign.close()
    writeFileSync(join(folder, 'notes.txt'), 'theirs')
    const before = readFileSync(file)
    const cache = await open(folder)
    await cache.fill(0, 3)
    expect(await cache.there(0, 3)).toEqual([])
    expect(cache.lines).toMatchObject([
      { event: 'disk-cache.fault', reason: expect.stringContaining('another program') },
    ])
    expect(() => removeDiskFile(folder)).toThrow('another program')
    expect(readFileSync(file).equals(before)).toBe(true)
    expect(readFileSync(join(folder, 'notes.txt'), 'utf8')).toBe('theirs')
  })

  it('2 Cantaloupe: has nothing where its folder cannot be made, and says so once a minute', async () => {
    const home = testFolder()
    const folder = join(home, 'file/tile-cache')
    writeFileSync(join(home, 'file'), '')
    const cache = await open(folder)
    for (let minute = 0; minute < 3; minute++) {
      await cache.fill(0, 10)
      expect(await cache.there(0, 10)).toEqual([])
      cache.clock.t += MINUTE
    }
    expect(eventsOf(cache)).toEqual(Array(3).fill('disk-cache.fault'))
    rmSync(join(home, 'file'))
    await cache.fill(0, 10)
    expect(await cache.there(0, 10)).toEqual(range(0, 10))
  })

  it('goes on in a new file when its folder is removed while it runs', async () => {
    const folder = join(testFolder(), 'tile-cache')
    const cache = await open(folder)
    await cache.fill(0, 3)
    rmSync(folder, { recursive: true })
    expect(await cache.there(0, 3)).toEqual([])
    await cache.fill(3, 6)
    expect(await cache.there(0, 6)).toEqual([3, 4, 5])
    expect(cache.lines).toEqual([])
  })

  it('1.5 disk: lets no reader wait for a disk that hangs', async () => {
    const [hanging, other] = [await open(testFolder(), 32, 500), await open(testFolder())]
    await other.fill(0, 3)
    await other.close()
    // Whoever reads a file that is locked like this waits for two seconds.
    const lock = new Sqlite(other.file)
    onTestFinished(() => void lock.close())
    lock.pragma('locking_mode = EXCLUSIVE')
    lock.exec('update images set used_at = 1')
    renameSync(other.file, hanging.file)
    const began = performance.now()
    expect(await hanging.there(0, 100)).toEqual([])
    expect(performance.now() - began).toBeGreaterThan(400)
    expect(eventsOf(hanging)).toEqual(['disk-cache.slow'])
  })

  it('1.5 disk: holds after kill -9 in the middle of writing', async () => {
    const folder = testFolder()
    for (let round = 0; round < 3; round++) {
      const { child, output } = startWriter(folder, 16, `R${round}`, 100_000)
      while (!output().includes(`written ${100 * (round + 1)}`)) await once(child.stdout, 'data')
      await wait(7 * round)
      child.kill('SIGKILL')
      await ended(child)
      const cache = await open(folder, 16)
      expect((await cache.there(0, 200, `R${round}`)).length).toBeGreaterThan(20)
      expect(cache.lines).toEqual([])
      await cache.close()
      const check = new Sqlite(cache.file)
      expect(check.pragma('integrity_check', { simple: true })).toBe('ok')
      check.close()
    }
  })

  it('1.5 disk: is shared by several processes, which stay within its bytes together', async () => {
    const folder = testFolder()
    const cache = await open(folder, 16)
    await cache.fill(0, 5)
    const writers = ['W1', 'W2'].map((name) => startWriter(folder, 16, name, 400))
    let largest = 0
    while (writers.some(({ child }) => child.exitCode === null)) {
      largest = Math.max(largest, statSync(cache.file).size)
      expect(await cache.there(0, 5).then((all) => all.length)).toBeLessThanOrEqual(5)
      await wait(10)
    }
    for (const { output } of writers) expect(output()).toMatch(/^(written \d+\n)+done\n$/)
    expect(largest).toBeLessThanOrEqual(16 * MB)
    for (const { child } of writers) expect(child.exitCode).toBe(0)
    const left = [await cache.there(0, 400, 'W1'), await cache.there(0, 400, 'W2')].flat()
    expect(left.length).toBeGreaterThan(150)
    expect(cache.lines).toEqual([])
  })

  it('2 Cantaloupe: keeps what there is room for on a full disk, and harms nobody', async () => {
    if (!canMount) return
    const from = join(testFolder(), 'from')
    mkdirSync(from)
    chmodSync(from, 0o700)
    const disk = await smallDisk(6, from)
    const run = `'${process.execPath}' '${WRITER}' '${disk.path}/cache' 64 A 300`
    const said = await disk.run(run)
    expect(said).toContain('disk-cache.fault')
    expect(said.match(/disk-cache/g)).toHaveLength(1)
    expect(said).toContain('done')
    expect(await disk.run(`rm -r '${disk.path}/cache'; ${run.replace(' 300', ' 30')}`)).toMatch(
      /^written 0\ndone\n/,
    )
  })
})

describe('tiles with a cache on disk', () => {
  it('1.5 disk: gives only what the limits of today allow, of the very image asked for', async () => {
    const cache = await open(testFolder())
    const jpeg = await noisyJpeg(300)
    const upstream = await faultUpstream()
    onTestFinished(upstream.close)
    upstream.play((socket) => void socket.write(answer(jpeg, { type: 'image/jpeg' })))
    const remote = remoteSource()
    onTestFinished(remote.close)
    /** As a Carrel that has just started does. */
    const image = (name: string, largestView: number) =>
      tilesFrom({
        local: remote,
        remote,
        disk: cache,
        cacheBytes: MB,
        limits: { largestView, largestTile: 1024 },
        log: SILENT,
        monotonic: () => performance.now(),
      }).image(
        {
          barcode: 'A',
          version: 'v1',
          image: { kind: 'plain', id: `${upstream.origin}/${name}.jpg`, number: 1 },
        },
        ['full', 'max', '0', 'default.jpg'],
      )
    const first = await image('one', 640)
    await cache.tidy(() => true)
    expect(await image('one', 640)).toEqual(first)
    expect(upstream.targets).toEqual(['/one.jpg'])
    expect(await image('one', 256)).toEqual({ kind: 'too-large' })
    await image('two', 640)
    expect(upstream.targets).toEqual(['/one.jpg', '/one.jpg', '/two.jpg'])
  })
})
