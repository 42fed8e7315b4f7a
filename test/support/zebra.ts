import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { CATALOGUE } from './catalogue.ts'
import { marcXml } from './marc.ts'
import { freePort } from './site.ts'

const FIXTURES = join(import.meta.dirname, '../fixtures/zebra')
const TABLES = '/usr/share/idzebra-2.0/tab'
const INSTALL = 'apt-get install idzebra-2.0-utils idzebra-2.0-common libidzebra-2.0-modules'

export interface Zebra {
  /** Where it answers by SRU. */
  readonly url: string
  stop(): Promise<void>
}

/** Starts a Zebra server with the test catalogue, whose items are in field 952 as in Koha. */
export async function startZebra(): Promise<Zebra> {
  const [modules] = globSync('/usr/lib/*/idzebra-2.0/modules')
  if (!existsSync('/usr/bin/zebrasrv') || !existsSync(TABLES) || modules === undefined) {
    throw new Error(`Zebra is missing: ${INSTALL}`)
  }
  const folder = mkdtempSync(join(tmpdir(), 'carrel-test-zebra-'))
  const port = await freePort()
  fill(folder, modules, port)
  for (const command of [['init'], ['update', 'records']]) {
    execFileSync('zebraidx', ['-v', 'none', '-c', 'zebra.cfg', ...command], { cwd: folder })
  }
  const server = spawn('zebrasrv', ['-T', '-v', 'none', '-f', 'server.xml'], {
    cwd: folder,
    stdio: 'ignore',
  })
  const ended = once(server, 'exit')
  await listening(port)
  return {
    url: `http://127.0.0.1:${port}/Default`,
    async stop() {
      server.kill()
      await ended
      rmSync(folder, { recursive: true })
    },
  }
}

function fill(folder: string, modules: string, port: number): void {
  cpSync(FIXTURES, folder, { recursive: true })
  for (const name of ['register', 'lock', 'records']) mkdirSync(join(folder, name))
  const write = (name: string, ...lines: string[]) =>
    writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
  write(
    'zebra.cfg',
    `profilePath: .:${TABLES}`,
    `modulePath: ${modules}`,
    'recordtype: dom.dom.xml',
    'attset: barcode.att',
    'index: default.idx',
    'encoding: utf-8',
    'register: register:50M',
    'lockdir: lock',
    'perm.anonymous: r',
  )
  copyFileSync(join(TABLES, 'bib1.att'), join(folder, 'barcode.att'))
  writeFileSync(join(folder, 'barcode.att'), 'att 8023 Barcode\n', { flag: 'a' })
  write(
    'server.xml',
    `<yazgfs><listen id="here">tcp:127.0.0.1:${port}</listen><server listenref="here">`,
    '<config>zebra.cfg</config><cql2rpn>cql.properties</cql2rpn><retrievalinfo>',
    '<retrieval syntax="xml" name="marcxml" identifier="info:srw/schema/1/marcxml-v1.1"/>',
    '</retrievalinfo></server></yazgfs>',
  )
  const records = CATALOGUE.map(({ marc, barcodes }) =>
    marcXml(marc + barcodes.map((barcode) => `\n952 __ $p${barcode}`).join('')),
  )
  write('records/all.xml', '<collection>', ...records, '</collection>')
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const socket = connect(port, '127.0.0.1')
    const heard = await once(socket, 'connect').then(Boolean, () => false)
    socket.destroy()
    if (heard) return
    await pause(10)
  }
  throw new Error('zebrasrv does not listen')
}
