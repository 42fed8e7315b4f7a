import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readIni } from '../src/ini.ts'
import { knownSettings, loadSettings, type Settings } from '../src/settings.ts'
import { testFolder } from './support/folder.ts'

const BASE = '[carrel]\nBASE_URL = https://lend.example.edu\n'

function load(ini: string, env: Record<string, string> = {}) {
  const cwd = testFolder()
  writeFileSync(join(cwd, 'settings.ini'), ini)
  return loadSettings({ cwd, env })
}

function settings(ini: string, env?: Record<string, string>): Settings {
  const reading = load(ini, env)
  if (reading.kind === 'faults') throw new Error(reading.faults.join('\n'))
  return reading.settings
}

function faults(ini: string, env?: Record<string, string>): readonly string[] {
  const reading = load(ini, env)
  return reading.kind === 'faults' ? reading.faults : []
}

describe('the settings', () => {
  it('say demonstration mode when there is no settings file', () => {
    const reading = loadSettings({ cwd: testFolder(), env: { PORT: '9123' } })
    expect(reading).toMatchObject({
      kind: 'settings',
      settings: {
        demonstration: true,
        host: '127.0.0.1',
        port: 9123,
        baseUrl: 'http://127.0.0.1:9123',
      },
    })
  })

  it('take PORT from the environment in demonstration mode only', () => {
    expect(settings(BASE, { PORT: '9123' }).port).toBe(8080)
  })

  it('keep a demonstration that a settings file asks for out of the data of the library', () => {
    const read = settings('[carrel]\nDEMONSTRATION = yes\n', { PORT: '9123' })
    expect(read).toMatchObject({ port: 9123, baseUrl: 'http://127.0.0.1:9123' })
    for (const path of [
      read.databaseFile,
      read.manifestDir,
      read.imagesDir,
      read.scansDir,
      read.thumbnailsDir,
    ]) {
      expect(path).toContain('/data/demonstration/')
    }
  })

  it('stop the start when the named file does not exist', () => {
    const reading = loadSettings({ cwd: testFolder(), file: 'other.ini', env: {} })
    expect(reading).toMatchObject({ kind: 'faults' })
  })

  it('resolve paths from the folder of the settings file', () => {
    const { file, databaseFile } = settings(`${BASE}DATABASE_FILE = lending.db\n`)
    expect(databaseFile).toBe(join(file!, '..', 'lending.db'))
  })

  it('report every fault at once, one line each, naming section, key and what is expected', () => {
    const found = faults(
      '[carrel]\nBASE_URL = lend.example.edu/x\nRELOAN_WAIT_TIME = soon\nCOPIES = 3\nnonsense\n[tind]\nPORT = 1\n',
    )
    expect(found).toEqual([
      expect.stringMatching(/line 5: expected KEY = value/),
      expect.stringMatching(/line 4: \[carrel\] COPIES: no such setting/),
      expect.stringMatching(/line 7: \[tind\] PORT: belongs into section \[carrel\]/),
      expect.stringMatching(/\[carrel\] BASE_URL: expected scheme and host/),
      expect.stringMatching(/\[carrel\] RELOAN_WAIT_TIME: expected a number of minutes/),
    ])
  })

  it.each([
    ['LARGEST_VIEW = 255', /LARGEST_VIEW/],
    ['PORT = 70000', /PORT/],
    ['TIME_ZONE = Mars/Olympus', /TIME_ZONE/],
    ['TRUSTED_PROXIES = everybody', /TRUSTED_PROXIES/],
    ['IIIF_BASE_URL = ftp://images.example', /IIIF_BASE_URL/],
    ['PROXY_SECRET = short', /PROXY_SECRET/],
    ['BASE_URL = https://b.example', /given twice/],
    ['DEMONSTRATION = yes\nSOCKET = /tmp/carrel.sock', /SOCKET: not in demonstration mode/],
    ['DEMONSTRATION = yes\nWORKERS = 2', /WORKERS: not in demonstration mode/],
    ['WORKERS = 0', /WORKERS: expected a whole number of processes/],
    ['MAIL_HOST = mail.example.edu', /MAIL_SENDER: must be given/],
    ['COVERS = amazon', /COVERS: expected lsp, contentcafe/],
    ['COVERS = contentcafe\n[contentcafe]\nCC_USER = x', /CC_PASSWORD: must be given when COVERS/],
    ['COVERS = google\nGOOGLE_BOOKS_URL = http://example.org', /GOOGLE_BOOKS_URL: use https/],
    ['MAIL_USER = lending', /MAIL_TLS: must be starttls or tls/],
    ['MAIL_DOMAIN = @example.edu', /MAIL_DOMAIN/],
    ['ACCENT_COLOUR = red', /ACCENT_COLOUR/],
    ['ACCENT_COLOUR = #ffcc00', /ACCENT_COLOUR: .*can be read on white/],
    ['SITE_NAME =', /SITE_NAME/],
    ['[sru]\nSRU_QUERY = dc.title=optics', /SRU_QUERY: .*\{barcode\}/],
    ['[sru]\nSRU_PAGE_TEMPLATE = opac.example.edu/{id}', /SRU_PAGE_TEMPLATE: .*\{id\}/],
    ['HOST = 0.0.0.0', /TRUSTED_PROXIES: must be given/],
    [
      'DEMONSTRATION = yes\nHOST = 192.0.2.1\nTRUSTED_PROXIES = 192.0.2.2',
      /HOST: demonstration mode listens on/,
    ],
  ])('refuse %s', (line, expected) => {
    expect(faults(`${BASE}${line}\n`)).toEqual([expect.stringMatching(expected)])
  })

  it('1.3 trusted peers: are named on purpose where others than this machine can connect', () => {
    const hosts = ['0.0.0.0', '::', '192.0.2.1', 'lend.example.edu']
    for (const host of hosts) {
      expect(faults(`${BASE}HOST = ${host}\n`), host).toEqual([
        expect.stringMatching(/TRUSTED_PROXIES: must be given/),
      ])
      expect(settings(`${BASE}HOST = ${host}\nTRUSTED_PROXIES = 192.0.2.9\n`).host).toBe(host)
    }
    expect(settings(BASE)).toMatchObject({ host: '127.0.0.1', demonstration: false })
  })

  it('1.3 sign-in without a front server: in the demonstration only, and that on loopback only', () => {
    const demonstration = `${BASE}DEMONSTRATION = yes\n`
    for (const more of ['HOST = 0.0.0.0\nTRUSTED_PROXIES = 0.0.0.0/0', 'SOCKET = carrel.sock']) {
      expect(faults(`${demonstration}${more}\n`), more).toHaveLength(1)
    }
    expect(settings(demonstration).host).toBe('127.0.0.1')
  })

  it('need BASE_URL in a settings file', () => {
    expect(faults('[carrel]\n')).toEqual([expect.stringMatching(/BASE_URL: is missing/)])
  })

  it('refuse an unknown CARREL_ variable and let a known one win over the file', () => {
    expect(faults(BASE, { CARREL_PROT: '1' })).toEqual([
      expect.stringMatching(/CARREL_PROT: no such setting/),
    ])
    expect(
      settings(`${BASE}LARGEST_VIEW = 700\n`, { CARREL_LARGEST_VIEW: '800' }).largestView,
    ).toBe(800)
  })

  it('read a DIBS settings file as it is, given BASE_URL', () => {
    const dibs = readFileSync(join(import.meta.dirname, 'fixtures/dibs-settings.ini'), 'utf8')
    const read = settings(dibs, { CARREL_BASE_URL: 'https://dibs.example.edu' })
    expect(read).toMatchObject({
      reloanWaitMinutes: 30,
      lspType: 'folio',
      iiifBaseUrls: ['https://iiif.example.edu/iiif/2'],
      iiifCacheImages: 50000,
      mailPort: 25,
      folioOkapiTenantId: 'tenant',
      contentCafeUser: 'user',
      ignored: ['PASSWORD_FILE'],
    })
  })

  it('take what is behind the equals sign as it is, a # too', () => {
    expect(settings(`${BASE}ACCENT_COLOUR = #8B0000\n`).accentColour).toBe('#8B0000')
    const url = 'https://help.example.edu/page#part'
    expect(settings(`${BASE}HELP_URL = ${url}\n`).helpUrl).toBe(url)
  })

  it('stand in settings.example.ini, every one with its default', () => {
    const example = readFileSync(join(import.meta.dirname, '../settings.example.ini'), 'utf8')
    const { entries } = readIni(example.replace(/^# ?(?=[A-Z_]+ =)/gm, ''))
    const listed = Object.fromEntries(
      entries.map(({ section, key, value }) => [`[${section}] ${key}`, value]),
    )
    const known = Object.fromEntries(
      knownSettings().map(({ section, key, fallback }) => [`[${section}] ${key}`, fallback]),
    )
    expect(Object.keys(listed).sort()).toEqual(Object.keys(known).sort())
    const { '[carrel] BASE_URL': _, '[carrel] TIME_ZONE': __, ...defaults } = known
    expect(listed).toMatchObject(defaults)
  })
})
