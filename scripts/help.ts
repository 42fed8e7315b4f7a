/** What `npm run help` prints. A test compares it with package.json, the settings and the README. */

const COMMANDS: readonly (readonly [command: string, does: string])[] = [
  ['npm start', 'starts Carrel; without settings, its demonstration'],
  ['npm test', 'runs the tests'],
  ['npm run check', 'looks at types, lint and format'],
  ['npm run items', 'adds, lists and changes items, one or many'],
  ['npm run people', 'keeps the list of the staff'],
  ['npm run loans', 'lists, ends and lengthens loans'],
  ['npm run convert-scans', 'makes images and a manifest of page scans'],
  ['npm run find-covers', 'looks for covers of items that have none'],
  ['npm run check-lsp', "asks the library's own system for an item, or how it does"],
  ['npm run backup', 'makes a backup, verifies it and removes old ones'],
  ['npm run restore', 'puts a backup back'],
  ['npm run export', 'writes the whole database as JSON'],
  ['npm run import', 'fills an empty database from such an export'],
  ['npm run import-dibs', 'takes over the database of DIBS'],
  ['npm run bench', 'measures Carrel against nginx'],
  ['npm run soak', 'kills and loads servers for a long time, and counts what is lost'],
  ['npm run bench-desk', 'measures the pages of the staff'],
  ['npm run audit', 'asks for known weaknesses of the packages that Carrel runs on'],
  ['npm run help', 'prints this'],
]

/** What stands in settings.ini for each library services platform. */
const LSPS: readonly (readonly [name: string, note: string, settings: string])[] = [
  [
    'FOLIO',
    'Okapi or Eureka; FOLIO_OKAPI_TOKEN may stand for user and password',
    `LSP_TYPE = folio
[folio]
FOLIO_OKAPI_URL = https://okapi.example.edu
FOLIO_OKAPI_TENANT_ID = example
FOLIO_USER = carrel
FOLIO_PASSWORD = its password`,
  ],
  [
    'TIND',
    'it needs no account',
    `LSP_TYPE = tind
[tind]
TIND_SERVER_URL = https://example.tind.io`,
  ],
  [
    'Koha',
    'KOHA_USER and KOHA_PASSWORD may stand for client and secret',
    `LSP_TYPE = koha
[koha]
KOHA_URL = https://staff.example.edu
KOHA_CLIENT_ID = the id of an API client
KOHA_CLIENT_SECRET = its secret
KOHA_OPAC_URL = https://catalogue.example.edu`,
  ],
  [
    'Alma',
    'the key may read bibliographic records',
    `LSP_TYPE = alma
[alma]
ALMA_URL = https://api-eu.hosted.exlibrisgroup.com
ALMA_API_KEY = the key
ALMA_PAGE_TEMPLATE = https://example.primo.exlibrisgroup.com/discovery/fulldisplay?docid=alma{mms_id}`,
  ],
  [
    'SRU',
    'any catalogue that gives MARCXML',
    `LSP_TYPE = sru
[sru]
SRU_URL = https://catalogue.example.edu/sru
SRU_QUERY = dc.barcode={barcode}
SRU_VERSION = 1.1
SRU_PAGE_TEMPLATE = https://catalogue.example.edu/record/{id}`,
  ],
]

const widest = Math.max(...COMMANDS.map(([command]) => command.length))
const commands = COMMANDS.map(([command, does]) => `  ${command.padEnd(widest)}  ${does}`)
const lsps = LSPS.map(
  ([name, note, settings]) => `${name} (${note}):\n\n${settings.replace(/^/gm, '    ')}`,
)

console.log(`Commands; those of the library say more themselves: npm run items -- --help

${commands.join('\n')}

The library's own system, in settings.ini; LSP_TYPE stands in [carrel], secrets are better given by
the environment (CARREL_FOLIO_PASSWORD), and settings.example.ini has all settings:

${lsps.join('\n\n')}`)
