import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import ipaddr from 'ipaddr.js'
import type { z } from 'zod'
import { readIni } from './ini.ts'
import { SETTINGS, type Setting } from './settings-table.ts'

type Values = {
  -readonly [Name in keyof typeof SETTINGS]: (typeof SETTINGS)[Name] extends Setting<infer Value>
    ? Value
    : never
}

/** What the program runs by. Paths are absolute; lengths carry their unit in the name. */
export type Settings = Readonly<Values> & {
  /** The file they came from; undefined in demonstration mode without one. */
  readonly file: string | undefined
  /** Settings that are read for DIBS's sake and do nothing, to be named in the log. */
  readonly ignored: readonly string[]
}

export type SettingsReading =
  | { readonly kind: 'settings'; readonly settings: Settings }
  | { readonly kind: 'faults'; readonly faults: readonly string[] }

export interface SettingsPlace {
  /** The file named on the command line (`--settings FILE`). */
  readonly file?: string | undefined
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
}

const PATHS = [
  'databaseFile',
  'manifestDir',
  'imagesDir',
  'scansDir',
  'thumbnailsDir',
  'backupDir',
  'iiifDiskCacheDir',
  'processDir',
  'textsDir',
  'logoFile',
  'watermarkFile',
  'socket',
] as const

/** The demonstration keeps to a folder that nothing else uses unless it is told to. */
const DEMONSTRATION_PATHS: Readonly<Record<string, string>> = {
  DATABASE_FILE: 'data/demonstration/carrel.db',
  MANIFEST_DIR: 'data/demonstration/manifests',
  IMAGES_DIR: 'data/demonstration/images',
  SCANS_DIR: 'data/demonstration/scans',
  THUMBNAILS_DIR: 'data/demonstration/thumbnails',
  BACKUP_DIR: 'data/demonstration/backups',
  IIIF_DISK_CACHE_DIR: 'data/demonstration/tile-cache',
  PROCESS_DIR: 'data/demonstration/processing',
  TEXTS_DIR: 'data/demonstration/texts',
}

/** Variables that start with CARREL_ and are no settings. */
const OTHER_VARIABLES = ['CARREL_SETTINGS', 'CARREL_SAMPLES']

/**
 * Reads the settings: the file named on the command line, else by `CARREL_SETTINGS`, else
 * `settings.ini` in the working directory, else demonstration mode; single settings from the
 * environment as `CARREL_` + key. Reports every fault at once, one line each.
 */
export function loadSettings({
  file,
  env = process.env,
  cwd = process.cwd(),
}: SettingsPlace = {}): SettingsReading {
  const named = file ?? (env.CARREL_SETTINGS || undefined)
  const path = resolve(cwd, named ?? 'settings.ini')
  const content = readText(path)
  if (content instanceof Error || (content === undefined && named !== undefined)) {
    const why = content instanceof Error ? content.message : 'there is no such file'
    return { kind: 'faults', faults: [`settings file ${path}: ${why}`] }
  }
  const faults: string[] = []
  const given = new Map<string, string>()
  if (content !== undefined) fromFile(content, path, given, faults)
  fromEnvironment(env, given, faults)
  if (content === undefined || given.get('DEMONSTRATION') === 'yes') demonstrate(env, given)
  const values = parseAll(given, faults)
  faults.push(...contradictions(values, given))
  if (faults.length > 0) return { kind: 'faults', faults }
  return {
    kind: 'settings',
    settings: settle(values as Values, content === undefined ? undefined : path, cwd, given),
  }
}

/** Every key with its section and default, for the test that compares them with the example file. */
export function knownSettings(): { section: string; key: string; fallback: string }[] {
  return Object.values(SETTINGS).map(({ section, key, fallback }) => ({ section, key, fallback }))
}

/** The keys of settings, places of files left aside, in which two sites differ. */
export function differingKeys(one: Settings, other: Settings): string[] {
  const places: readonly string[] = [...PATHS, 'baseUrl', 'host', 'port']
  return Object.entries(SETTINGS)
    .filter(([name]) => !places.includes(name))
    .filter(([name]) => {
      const key = name as keyof typeof SETTINGS
      return JSON.stringify(one[key]) !== JSON.stringify(other[key])
    })
    .map(([, { key }]) => key)
}

function fromFile(
  content: string,
  path: string,
  given: Map<string, string>,
  faults: string[],
): void {
  const { entries, faults: unread } = readIni(content)
  faults.push(...unread.map((fault) => `${path} ${fault}`))
  for (const { section, key, value, line } of entries) {
    const known = Object.values(SETTINGS).find((one) => one.key === key)
    const place = `${path} line ${line}: [${section}] ${key}`
    const home = section === 'dibs' ? 'carrel' : section
    if (known?.section !== home) {
      faults.push(
        known
          ? `${place}: belongs into section [${known.section}]`
          : `${place}: no such setting; settings.example.ini lists them all`,
      )
    } else if (given.has(key)) faults.push(`${place}: is given twice`)
    else given.set(key, value.trim())
  }
}

function fromEnvironment(
  env: NonNullable<SettingsPlace['env']>,
  given: Map<string, string>,
  faults: string[],
): void {
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('CARREL_') || OTHER_VARIABLES.includes(name) || value === undefined)
      continue
    const key = name.slice('CARREL_'.length)
    if (Object.values(SETTINGS).some((one) => one.key === key)) given.set(key, value.trim())
    else faults.push(`environment ${name}: no such setting; settings.example.ini lists them all`)
  }
}

/** Fills in what demonstration mode takes for granted; PORT of the environment counts there. */
function demonstrate(env: NonNullable<SettingsPlace['env']>, given: Map<string, string>): void {
  given.set('DEMONSTRATION', 'yes')
  for (const [key, path] of Object.entries(DEMONSTRATION_PATHS)) {
    if (!given.has(key)) given.set(key, path)
  }
  const port = env.PORT || given.get('PORT') || SETTINGS.port.fallback
  given.set('PORT', port)
  if (!given.has('BASE_URL')) given.set('BASE_URL', `http://127.0.0.1:${port}`)
}

function parseAll(given: ReadonlyMap<string, string>, faults: string[]): Partial<Values> {
  const values: Record<string, unknown> = {}
  for (const [name, { section, key, fallback, value, expected }] of Object.entries(SETTINGS)) {
    const parsed = (value as z.ZodType<unknown, string>).safeParse(given.get(key) ?? fallback)
    if (parsed.success) values[name] = parsed.data
    else if (!given.has(key)) faults.push(`[${section}] ${key}: is missing; expected ${expected}`)
    else faults.push(`[${section}] ${key}: expected ${expected}`)
  }
  return values as Partial<Values>
}

/** What each setting may be alone but not together with the others. */
function contradictions(values: Partial<Values>, given: ReadonlyMap<string, string>): string[] {
  return [
    ...listening(values, given),
    ...mailing(values),
    ...asking(values),
    ...coverServices(values),
    ...marking(values),
  ]
}

/** What each platform cannot be asked without: its address first. */
const LSP_NEEDS = {
  folio: ['folioOkapiUrl', 'folioOkapiTenantId'],
  tind: ['tindServerUrl'],
  koha: ['kohaUrl'],
  alma: ['almaUrl', 'almaApiKey'],
  sru: ['sruUrl'],
} as const satisfies Record<string, readonly (keyof Values)[]>

/** Pairs of which one must be given whole: the ways in. */
const LSP_WAYS_IN = {
  folio: [['folioOkapiToken'], ['folioUser', 'folioPassword']],
  koha: [
    ['kohaUser', 'kohaPassword'],
    ['kohaClientId', 'kohaClientSecret'],
  ],
} as const satisfies Record<string, readonly (readonly (keyof Values)[])[]>

function asking(values: Partial<Values>): string[] {
  const { lspType, lspAllowHttp } = values
  if (lspType === undefined || lspType === 'unconfigured' || lspType === 'none') return []
  const place = (name: keyof Values) => `[${SETTINGS[name].section}] ${SETTINGS[name].key}`
  const because = `when LSP_TYPE is ${lspType}`
  const faults = LSP_NEEDS[lspType]
    .filter((name) => values[name] === '')
    .map((name) => `${place(name)}: must be given ${because}; expected ${SETTINGS[name].expected}`)
  if (lspType === 'folio' || lspType === 'koha') {
    const ways: readonly (readonly (keyof Values)[])[] = LSP_WAYS_IN[lspType]
    if (!ways.some((way) => way.every((name) => values[name] !== ''))) {
      const either = ways.map((way) => way.map((name) => SETTINGS[name].key).join(' and '))
      faults.push(`[${lspType}] ${either.join(', or ')}: must be given ${because}`)
    }
  }
  const [address] = LSP_NEEDS[lspType]
  const url = values[address] ?? ''
  if (url.startsWith('http:') && !lspAllowHttp && !isLoopback(new URL(url).hostname)) {
    faults.push(
      `${place(address)}: use https, or give LSP_ALLOW_HTTP = yes if nobody can listen on the way`,
    )
  }
  return faults
}

/** Where each service of covers is, and what else it cannot be asked without. */
const COVER_NEEDS = {
  contentcafe: ['contentCafeUrl', 'contentCafeUser', 'contentCafePassword'],
  openlibrary: ['openLibraryUrl'],
  google: ['googleBooksUrl'],
} as const satisfies Record<string, readonly (keyof Values)[]>

function coverServices(values: Partial<Values>): string[] {
  const place = (name: keyof Values) => `[${SETTINGS[name].section}] ${SETTINGS[name].key}`
  return (values.covers ?? []).flatMap((service) => {
    if (service === 'lsp') return []
    const missing = COVER_NEEDS[service]
      .filter((name) => values[name] === '')
      .map((name) => `${place(name)}: must be given when COVERS names ${service}`)
    const [address] = COVER_NEEDS[service]
    const url = values[address] ?? ''
    const isOpen = url.startsWith('http:') && !isLoopback(new URL(url).hostname)
    return isOpen ? [...missing, `${place(address)}: use https`] : missing
  })
}

function marking({ watermarkText, watermarkFile }: Partial<Values>): string[] {
  return watermarkText && watermarkFile
    ? ['[carrel] WATERMARK_TEXT and WATERMARK_FILE: give one of them']
    : []
}

function mailing({ mailHost, mailSender, mailUser, mailTls }: Partial<Values>): string[] {
  const faults: string[] = []
  if (mailHost !== undefined && mailSender === undefined) {
    faults.push('[carrel] MAIL_SENDER: must be given when MAIL_HOST is; expected an e-mail address')
  }
  if (mailUser !== undefined && mailTls !== 'starttls' && mailTls !== 'tls') {
    faults.push('[carrel] MAIL_TLS: must be starttls or tls when MAIL_USER is given')
  }
  return faults
}

function listening(values: Partial<Values>, given: ReadonlyMap<string, string>): string[] {
  const { host, socket, demonstration, workers = 1 } = values
  if (host === undefined) return []
  if (demonstration && socket !== undefined) {
    return ['[carrel] SOCKET: not in demonstration mode, which listens on loopback only']
  }
  if (demonstration && workers > 1) {
    return ['[carrel] WORKERS: not in demonstration mode, which is one process']
  }
  const open = socket === undefined && !isLoopback(host)
  if (demonstration && open)
    return ['[carrel] HOST: demonstration mode listens on 127.0.0.1 or ::1 only']
  if (open && !given.has('TRUSTED_PROXIES')) {
    return [
      `[carrel] TRUSTED_PROXIES: must be given when HOST is ${host}; expected ${SETTINGS.trustedProxies.expected}`,
    ]
  }
  return []
}

function settle(
  values: Values,
  file: string | undefined,
  cwd: string,
  given: ReadonlyMap<string, string>,
): Settings {
  const home = file === undefined ? cwd : dirname(file)
  for (const name of PATHS) {
    const path = values[name]
    if (path !== undefined)
      Object.assign(values, { [name]: isAbsolute(path) ? path : join(home, path) })
  }
  const ignored = ['HTPASSWD', 'PASSWORD_FILE'].filter((key) => given.get(key))
  return Object.freeze({ ...values, file, ignored })
}

/** The text of a file, undefined when there is none, or why it cannot be read. */
function readText(path: string): string | Error | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    return cause as Error
  }
}

/** True for 127.0.0.0/8, ::1 and localhost. */
function isLoopback(host: string): boolean {
  if (host === 'localhost') return true
  const address = host.replace(/^\[|\]$/g, '')
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback'
}
