import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { contrast, READABLE } from './colour.ts'

/** One setting: where it stands in the file, what it is when it is not given, and what it may be. */
export interface Setting<Value> {
  readonly section: string
  readonly key: string
  readonly fallback: string
  readonly value: z.ZodType<Value, string>
  readonly expected: string
}

const setting =
  (section: string) =>
  <Value>(
    key: string,
    fallback: string,
    value: z.ZodType<Value, string>,
    expected: string,
  ): Setting<Value> => ({ section, key, fallback, value, expected })

const carrel = setting('carrel')
const folio = setting('folio')
const koha = setting('koha')
const alma = setting('alma')
const sru = setting('sru')
const contentCafe = setting('contentcafe')

const text = z.string()
const optional = z.string().transform((value) => (value === '' ? undefined : value))
const list = z.string().transform((value) => value.split(/[,\s]+/).filter((part) => part !== ''))
const whole = (min: number, max: number) =>
  z.string().regex(/^\d+$/).transform(Number).pipe(z.number().int().min(min).max(max))
const decimal = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+(\.\d+)?$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max))
const yesNo = z.enum(['yes', 'no']).transform((value) => value === 'yes')
const httpUrl = z.string().refine((value) => value === '' || isHttp(value))
const cqlTemplate = z.string().includes('{barcode}')
const pageTemplate = z
  .string()
  .refine((value) => value === '' || (value.includes('{id}') && isHttp(value)))
const links = list.refine((urls) => urls.every(isHttp))
const networks = list.refine((parts) => parts.every(isNetwork))
const headerName = z.string().regex(/^[A-Za-z0-9_-]+$/)
const accentColour = z.string().refine((value) => value === '' || isReadableOnWhite(value))
const coverSources = list.pipe(z.array(z.enum(['lsp', 'contentcafe', 'openlibrary', 'google'])))
const timeZone = z.string().refine(isTimeZone)
/** The browser's own spelling of scheme, host and port: what `Origin` headers are compared with. */
const origin = z
  .string()
  .refine((value) => isHttp(value) && new URL(value).href === `${new URL(value).origin}/`)
  .transform((value) => new URL(value).origin)

const machineZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone

/** Every setting there is. settings.example.ini says what each is for; a test compares the two. */
export const SETTINGS = {
  baseUrl: carrel(
    'BASE_URL',
    '',
    origin,
    'scheme and host as the browser sees them, no path (https://lend.example.edu)',
  ),
  host: carrel('HOST', '127.0.0.1', z.string().min(1), 'an address or host name to listen on'),
  port: carrel('PORT', '8080', whole(0, 65535), 'a port number from 0 to 65535'),
  socket: carrel('SOCKET', '', optional, 'the path of a Unix socket'),
  workers: carrel('WORKERS', '1', whole(1, 64), 'a whole number of processes from 1 to 64'),
  trustedProxies: carrel(
    'TRUSTED_PROXIES',
    '127.0.0.1, ::1',
    networks,
    'addresses or CIDR ranges, separated by commas',
  ),
  remoteUserHeader: carrel('REMOTE_USER_HEADER', 'REMOTE_USER', headerName, 'the name of a header'),
  remoteUserCase: carrel('REMOTE_USER_CASE', 'fold', z.enum(['fold', 'exact']), 'fold or exact'),
  proxySecrets: carrel(
    'PROXY_SECRET',
    '',
    list.refine((all) => all.length <= 2 && all.every((one) => one.length >= 16)),
    'one secret of 16 characters or more, or two separated by a comma',
  ),
  logoutUrl: carrel(
    'LOGOUT_URL',
    '',
    z.string().refine((value) => /^(\/(?!\/)|$)/.test(value) || isHttp(value)),
    'a URL, or a path that starts with /',
  ),
  demonstration: carrel('DEMONSTRATION', 'no', yesNo, 'yes or no'),
  databaseFile: carrel('DATABASE_FILE', 'data/carrel.db', z.string().min(1), 'the path of a file'),
  manifestDir: carrel('MANIFEST_DIR', 'manifests', z.string().min(1), 'the path of a folder'),
  imagesDir: carrel('IMAGES_DIR', 'data/images', z.string().min(1), 'the path of a folder'),
  scansDir: carrel('SCANS_DIR', 'data/scans', z.string().min(1), 'the path of a folder'),
  thumbnailsDir: carrel(
    'THUMBNAILS_DIR',
    'data/thumbnails',
    z.string().min(1),
    'the path of a folder',
  ),
  backupDir: carrel('BACKUP_DIR', 'data/backups', z.string().min(1), 'the path of a folder'),
  processDir: carrel('PROCESS_DIR', '', optional, 'the path of a folder, or nothing'),
  iiifBaseUrls: carrel('IIIF_BASE_URL', '', links, 'http or https URLs, separated by commas'),
  iiifCacheMb: carrel(
    'IIIF_CACHE_MB',
    '256',
    whole(1, 1_000_000),
    'a whole number of megabytes, 1 or more',
  ),
  iiifCacheImages: carrel(
    'IIIF_CACHE_SIZE',
    '0',
    whole(0, 100_000_000),
    'a whole number of images, 0 for no such limit',
  ),
  iiifDiskCacheMb: carrel(
    'IIIF_DISK_CACHE_MB',
    '0',
    whole(0, 100_000_000).refine((value) => value === 0 || value >= 16),
    'a whole number of megabytes, 16 or more, or 0 for no such cache',
  ),
  iiifDiskCacheDir: carrel(
    'IIIF_DISK_CACHE_DIR',
    'data/tile-cache',
    z.string().min(1),
    'the path of a folder',
  ),
  largestView: carrel(
    'LARGEST_VIEW',
    '640',
    whole(256, 10_000),
    'a whole number of pixels from 256 to 10000',
  ),
  largestTile: carrel(
    'LARGEST_TILE',
    '1024',
    whole(256, 10_000),
    'a whole number of pixels from 256 to 10000',
  ),
  readBurst: carrel(
    'READ_BURST',
    '600',
    whole(1, 1_000_000),
    'a whole number of requests, 1 or more',
  ),
  readPerSecond: carrel(
    'READ_PER_SECOND',
    '40',
    decimal(0.1, 1_000_000),
    'a number of requests, 0.1 or more',
  ),
  pagesPerHour: carrel(
    'PAGES_PER_HOUR',
    '300',
    whole(1, 1_000_000),
    'a whole number of pages, 1 or more',
  ),
  watermarkText: carrel('WATERMARK_TEXT', '', z.string().max(40), 'up to 40 characters'),
  watermarkFile: carrel('WATERMARK_FILE', '', optional, 'the path of a PNG, or nothing'),
  allowedLinks: carrel('ALLOWED_LINKS', '', links, 'http or https URLs, separated by commas'),
  reloanWaitMinutes: carrel(
    'RELOAN_WAIT_TIME',
    '30',
    decimal(0, 525_600),
    'a number of minutes, 0 or more',
  ),
  timeZone: carrel('TIME_ZONE', machineZone(), timeZone, 'a time zone as Europe/Zurich'),
  feedbackUrl: carrel('FEEDBACK_URL', '', httpUrl, 'an http or https URL'),
  helpUrl: carrel('HELP_URL', '', httpUrl, 'an http or https URL'),
  siteName: carrel(
    'SITE_NAME',
    'Carrel',
    z.string().min(1).max(60),
    'a name of 1 to 60 characters',
  ),
  libraryName: carrel('LIBRARY_NAME', '', z.string().max(120), 'a name of up to 120 characters'),
  logoFile: carrel('LOGO_FILE', '', optional, 'the path of a picture, or nothing'),
  accentColour: carrel(
    'ACCENT_COLOUR',
    '',
    accentColour,
    `a colour as #1d4f7a that can be read on white (contrast ${READABLE} or more), or nothing`,
  ),
  textsDir: carrel('TEXTS_DIR', 'texts', z.string().min(1), 'the path of a folder'),
  runMode: carrel('RUN_MODE', 'normal', z.enum(['normal', 'verbose']), 'normal or verbose'),
  logKey: carrel(
    'LOG_KEY',
    '',
    z
      .string()
      .refine((value) => value === '' || value.length >= 32)
      .transform((value) => value || undefined),
    'a secret of 32 characters or more, or nothing',
  ),
  metricsToken: carrel(
    'METRICS_TOKEN',
    '',
    z
      .string()
      .refine((value) => value === '' || value.length >= 16)
      .transform((value) => value || undefined),
    'a secret of 16 characters or more, or nothing',
  ),
  lspType: carrel(
    'LSP_TYPE',
    'unconfigured',
    z
      .string()
      .toLowerCase()
      .pipe(z.enum(['unconfigured', 'none', 'folio', 'tind', 'koha', 'alma', 'sru'])),
    'unconfigured, none, folio, tind, koha, alma or sru',
  ),
  lspAllowHttp: carrel('LSP_ALLOW_HTTP', 'no', yesNo, 'yes or no'),
  mailHost: carrel('MAIL_HOST', '', optional, 'a host name, or nothing for no mail'),
  mailPort: carrel('MAIL_PORT', '25', whole(1, 65535), 'a port number from 1 to 65535'),
  mailSender: carrel('MAIL_SENDER', '', optional, 'an e-mail address'),
  mailDomain: carrel(
    'MAIL_DOMAIN',
    '',
    z
      .string()
      .regex(/^([\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)*)?$/u)
      .transform((value) => value || undefined),
    'a domain as example.edu, or nothing',
  ),
  mailTls: carrel(
    'MAIL_TLS',
    'auto',
    z.enum(['auto', 'starttls', 'tls', 'none']),
    'auto, starttls, tls or none',
  ),
  mailUser: carrel('MAIL_USER', '', optional, 'a name, or nothing'),
  mailPassword: carrel('MAIL_PASSWORD', '', optional, 'a password, or nothing'),
  htpasswd: carrel('HTPASSWD', '', text, 'anything: it is not used'),
  passwordFile: carrel('PASSWORD_FILE', '', text, 'anything: it is not used'),
  folioOkapiUrl: folio('FOLIO_OKAPI_URL', '', httpUrl, 'an http or https URL'),
  folioOkapiTenantId: folio('FOLIO_OKAPI_TENANT_ID', '', text, 'a name'),
  folioOkapiToken: folio('FOLIO_OKAPI_TOKEN', '', text, 'a token'),
  folioUser: folio('FOLIO_USER', '', text, 'a name'),
  folioPassword: folio('FOLIO_PASSWORD', '', text, 'a password'),
  folioAccessionPrefix: folio('FOLIO_ACCESSION_PREFIX', '', text, 'a prefix'),
  edsPageTemplate: folio('EDS_PAGE_TEMPLATE', '', text, 'a URL with {accession_number} in it'),
  tindServerUrl: setting('tind')('TIND_SERVER_URL', '', httpUrl, 'an http or https URL'),
  kohaUrl: koha('KOHA_URL', '', httpUrl, 'an http or https URL'),
  kohaUser: koha('KOHA_USER', '', text, 'a name'),
  kohaPassword: koha('KOHA_PASSWORD', '', text, 'a password'),
  kohaClientId: koha('KOHA_CLIENT_ID', '', text, 'the id of an API client'),
  kohaClientSecret: koha('KOHA_CLIENT_SECRET', '', text, 'the secret of an API client'),
  kohaOpacUrl: koha('KOHA_OPAC_URL', '', httpUrl, 'an http or https URL'),
  almaUrl: alma(
    'ALMA_URL',
    'https://api-na.hosted.exlibrisgroup.com',
    httpUrl,
    'an http or https URL',
  ),
  almaApiKey: alma('ALMA_API_KEY', '', text, 'an API key'),
  almaPageTemplate: alma('ALMA_PAGE_TEMPLATE', '', text, 'a URL with {mms_id} in it'),
  sruUrl: sru('SRU_URL', '', httpUrl, 'an http or https URL'),
  sruQuery: sru(
    'SRU_QUERY',
    'dc.barcode={barcode}',
    cqlTemplate,
    'a CQL query with {barcode} in it',
  ),
  sruVersion: sru('SRU_VERSION', '1.1', z.enum(['1.1', '1.2', '2.0']), '1.1, 1.2 or 2.0'),
  sruPageTemplate: sru('SRU_PAGE_TEMPLATE', '', pageTemplate, 'a URL with {id} in it'),
  covers: carrel(
    'COVERS',
    'lsp',
    coverSources,
    'lsp, contentcafe, openlibrary, google: any of them in the order wanted, or nothing',
  ),
  contentCafeUrl: contentCafe(
    'CC_URL',
    'https://contentcafe2.btol.com',
    httpUrl,
    'an http or https URL',
  ),
  openLibraryUrl: carrel(
    'OPEN_LIBRARY_URL',
    'https://covers.openlibrary.org',
    httpUrl,
    'an http or https URL',
  ),
  googleBooksUrl: carrel(
    'GOOGLE_BOOKS_URL',
    'https://www.googleapis.com',
    httpUrl,
    'an http or https URL',
  ),
  contentCafeUser: contentCafe('CC_USER', '', text, 'a name'),
  contentCafePassword: contentCafe('CC_PASSWORD', '', text, 'a password'),
} as const satisfies Record<string, Setting<unknown>>

function isHttp(value: string): boolean {
  return /^https?:\/\//.test(value) && URL.canParse(value)
}

function isReadableOnWhite(value: string): boolean {
  return /^#[0-9a-f]{6}$/i.test(value) && contrast(value, '#ffffff') >= READABLE
}

function isNetwork(value: string): boolean {
  return ipaddr.isValid(value) || ipaddr.isValidCIDR(value)
}

function isTimeZone(value: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: value })
    return true
  } catch {
    return false
  }
}
