import { CATALOGUE } from '../catalogue.ts'
import { marcXml } from '../marc.ts'
import { type Asked, type FakeAnswer, runFake } from './run.ts'

/** The search finds its record by this barcode, but no item of the record has it. */
const MOVED = '35047000000044'

const BOMB = '<!DOCTYPE c [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><collection>&b;</collection>'

let state = ''

runFake(
  ({ headers }, { pathname, searchParams }) => {
    if (pathname === '/search') return search(searchParams.get('p') ?? '')
    const [, what = '', id = ''] =
      /^\/nanna\/(bibcirc|thumbnail)\/(\d+)(?:\/details)?$/.exec(pathname) ?? []
    if (what === 'bibcirc') return json(detailsOf(id))
    if (what === 'thumbnail') return json(thumbnailsOf(id, headers.host))
    return undefined
  },
  (name) => {
    state = name
  },
)

/** Invenio: words after `barcode:`, in any order, `*` standing for any letters. */
function search(pattern: string): FakeAnswer {
  if (state === 'bomb') return xml(BOMB)
  const words = pattern
    .replace(/^barcode:/, '')
    .split(/\s+/)
    .filter(Boolean)
  const found = CATALOGUE.filter(({ id, barcodes }) => {
    const known = id === '45' ? [...barcodes, MOVED] : barcodes
    return words.every((word) => known.some((barcode) => matches(word, barcode)))
  })
  const whole = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<!-- Search-Engine-Total-Number-Of-Results: ${found.length} -->`,
    '<collection xmlns="http://www.loc.gov/MARC21/slim">',
    ...found.map(({ marc }) => marcXml(marc)),
    '</collection>',
  ].join('\n')
  return xml(state === 'half-xml' ? whole.slice(0, whole.length / 2) : whole)
}

function matches(word: string, barcode: string): boolean {
  const [start = '', ...rest] = word.split('*')
  return rest.length === 0 ? barcode === word : barcode.startsWith(start)
}

function detailsOf(id: string): unknown {
  if (state === 'no-items') return { message: 'no such record' }
  const barcodes = CATALOGUE.find((entry) => entry.id === id)?.barcodes ?? []
  const items = barcodes.map((barcode, at) => ({
    barcode: state === 'numbers' ? Number(barcode) : barcode,
    item_type: 'Book',
    item_volume: '',
    call_number: 'QC355 .D64',
    description: `copy ${at + 1}`,
    library: 'Main',
    location: 'General',
    status: 'on shelf',
  }))
  return { items: [{ barcode: null, item_type: 'Book', status: 'on order' }, ...items] }
}

function thumbnailsOf(id: string, host: Asked['headers'][string]): unknown {
  if (state === 'foreign') return { big: 'https://covers.example.com/42.jpg' }
  if (state === 'not-a-url') return { big: 'javascript:alert(1)' }
  if (id === '42') return { small: '/s.jpg', medium: '/m.jpg', big: `https://${host}/b.jpg` }
  if (id === '43') return { small: '/s.jpg', medium: '/m.jpg' }
  return {}
}

function xml(body: string): FakeAnswer {
  return { headers: { 'content-type': 'text/xml; charset=utf-8' }, body }
}

function json(value: unknown): FakeAnswer {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}
