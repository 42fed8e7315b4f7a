import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

/** Which room may import from which; every room may import from itself and from the leaves. */
const LEAVES = [
  'breaker',
  'clock',
  'colour',
  'csv',
  'durable',
  'etag',
  'health',
  'heap',
  'ids',
  'ini',
  'lock',
  'log',
  'metrics',
  'outgoing',
  'signals',
  'settings-table',
  'settings',
  'zip',
]
const DOMAIN = ['people', 'audit', 'manifests', 'items', 'loans', 'scans', 'tiles']
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(LEAVES.map((leaf) => [leaf, []])),
  db: [],
  sources: [],
  mail: [],
  lsp: [],
  covers: [],
  notices: ['db', 'mail'],
  people: ['db'],
  audit: ['db'],
  manifests: ['sources'],
  items: ['db', 'people', 'manifests', 'lsp', 'covers'],
  loans: ['db', 'people', 'manifests', 'items'],
  scans: ['sources', 'manifests', 'items'],
  tiles: ['sources', 'manifests', 'items', 'loans'],
  backup: ['db', 'loans'],
  dibs: ['db', ...DOMAIN],
  exports: ['db'],
  demonstration: ['db', ...DOMAIN],
  web: ['db', 'lsp', 'demonstration', ...DOMAIN],
  command: ['db', 'manifests', 'backup'],
  app: ['db', 'web'],
  listen: [],
  workers: ['listen', 'loans'],
  answering: ['app', 'listen', 'db', 'demonstration', 'lsp', 'sources', 'web', ...DOMAIN],
  worker: ['answering', 'db', 'loans', 'web', 'workers'],
  server: ['answering', 'command', 'demonstration', 'notices', 'web', 'workers', ...DOMAIN],
}

const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
)

function importsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8')
  const found = text.matchAll(
    /^(?:import|export)\b[^'"]*?from '([^']+)'|^import '([^']+)'|\bawait import\('([^']+)'\)/gm,
  )
  return [...found].map(([, from, bare, later]) => (from ?? bare ?? later)!)
}

const roomOf = (name: string) => name.split('/')[0]!.replace(/\.ts$/, '')

describe('the house', () => {
  it.each(files)('%s imports downwards only', (name) => {
    const path = join(ROOT, 'src', name)
    const room = roomOf(name)
    const allowed = [room, ...LEAVES, ...(MAY_IMPORT[room] ?? [])]
    const inner = importsOf(path).filter((target) => target.startsWith('.'))
    const rooms = inner.map((target) =>
      roomOf(relative(join(ROOT, 'src'), join(dirname(path), target))),
    )
    expect(rooms.filter((to) => !allowed.includes(to))).toEqual([])
  })

  it('imports no package that it does not name as a dependency', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    const packages = files
      .flatMap((name) => importsOf(join(ROOT, 'src', name)))
      .filter((target) => !target.startsWith('.') && !target.startsWith('node:'))
      .map((target) =>
        target
          .split('/')
          .slice(0, target.startsWith('@') ? 2 : 1)
          .join('/'),
      )
    expect([...new Set(packages)].filter((name) => !(name in dependencies))).toEqual([])
  })

  it('takes drizzle-orm from db/drizzle.ts only, as anything else is slow', () => {
    const takers = files.filter((name) =>
      /^import (?!type)[^']*? from 'drizzle-orm/m.test(
        readFileSync(join(ROOT, 'src', name), 'utf8'),
      ),
    )
    expect(takers).toEqual([])
  })

  it('reads what mail, MARC and drawn pages need only where it is needed, as it is slow', () => {
    const eager = /^(?:import|export)\b(?! type)[^'"]*?from '([^']+)'|^import '([^']+)'/gm
    const read = new Set([join(ROOT, 'src/server.ts')])
    const packages = new Set<string>()
    for (const path of read) {
      for (const [, from, bare] of readFileSync(path, 'utf8').matchAll(eager)) {
        const target = (from ?? bare)!
        if (target.startsWith('.')) read.add(join(dirname(path), target))
        else packages.add(target)
      }
    }
    expect(read.size, 'needs files that import others').toBeGreaterThan(100)
    const slow = ['nodemailer', '@xmldom/xmldom', '@natlibfi/marc-record-serializers', 'satori']
    expect(slow.filter((name) => packages.has(name))).toEqual([])
  })

  it('reads the environment in the settings only', () => {
    const readers = files.filter((name) =>
      /process\.env/.test(readFileSync(join(ROOT, 'src', name), 'utf8')),
    )
    expect(readers).toEqual(['settings.ts'])
  })
})
