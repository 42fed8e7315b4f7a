import { type Asked, type FakeAnswer, runFake } from './run.ts'

/**
 * An Alma behind its gateway, with one key that may read bibliographic records and one that may
 * not. Its states are set as faults are: `per-second`, `per-second-400` (as some years ago) and
 * `daily` are the thresholds, `mistaken` finds another item than was asked for; any other name
 * makes it the usual Alma again.
 */
const KEY = 'l7xx-key-of-carrel'
const WEAK_KEY = 'l7xx-key-for-users'

let state = ''

const json = (status: number, value: unknown): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/json;charset=UTF-8' },
  body: JSON.stringify(value),
})

const error = (status: number, errorCode: string, errorMessage: string) =>
  json(status, {
    errorsExist: true,
    errorList: { error: [{ errorCode, errorMessage, trackingId: 'E01-0101190932-VOBYO' }] },
    result: null,
  })

function answer(asked: Asked, url: URL): FakeAnswer | undefined {
  const refused = atTheGateway(asked)
  if (refused !== undefined) return refused
  if (url.pathname === '/almaws/v1/items') {
    const barcode = url.searchParams.get('item_barcode') ?? ''
    const item = ITEMS.find(({ item_data }) => item_data.barcode === barcode)
    const found = state === 'mistaken' ? ITEMS[0] : item
    if (found === undefined) {
      return error(400, '401689', `No items found for barcode ${barcode}.`)
    }
    return { status: 302, headers: { location: `http://${asked.headers.host}${found.link}` } }
  }
  const item = ITEMS.find(({ link }) => new URL(link, url).pathname === url.pathname)
  if (item === undefined) return error(404, 'NOT_FOUND', 'Input URL not found.')
  if (asked.headers.accept !== 'application/json') {
    return { headers: { 'content-type': 'application/xml' }, body: '<item/>' }
  }
  return json(200, item)
}

function atTheGateway({ headers }: Asked): FakeAnswer | undefined {
  if (headers.authorization === `apikey ${WEAK_KEY}`) {
    return {
      status: 400,
      headers: { 'content-type': 'application/xml;charset=UTF-8' },
      body: `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<web_service_result xmlns="http://com/exlibris/urm/general/xmlbeans"><errorsExist>true</errorsExist>
<errorList><error><errorCode>UNAUTHORIZED</errorCode><errorMessage>API-key not defined or not
configured to allow this API.</errorMessage></error></errorList></web_service_result>`,
    }
  }
  if (headers.authorization !== `apikey ${KEY}`) {
    return {
      status: 400,
      headers: { 'content-type': 'text/plain;charset=UTF-8' },
      body: 'Invalid API Key',
    }
  }
  if (state === 'per-second' || state === 'per-second-400') {
    const status = state === 'per-second' ? 429 : 400
    return error(status, 'PER_SECOND_THRESHOLD', 'HTTP requests are more than allowed per second')
  }
  if (state !== 'daily') return undefined
  return error(429, 'DAILY_THRESHOLD', 'HTTP requests are more than allowed per day')
}

const OPTICS = {
  mms_id: '99000000000000001',
  title: 'Example optics : a primer /',
  author: 'Doe, Jane,',
  issn: null,
  isbn: '9780000000019',
  complete_edition: '2nd ed.',
  network_number: ['(OCoLC)1'],
  place_of_publication: 'New York :',
  date_of_publication: '[1992]',
  publisher_const: 'Sample Press,',
  link: '/almaws/v1/bibs/99000000000000001',
}

const ITEMS = [
  item('2300', '35047000000017', OPTICS),
  item('2301', '35047000000025', { mms_id: '99000000000000002', title: 'Optics today.' }),
]

function item(pid: string, barcode: string, bib_data: { mms_id: string; title: string }) {
  const holding = `/almaws/v1/bibs/${bib_data.mms_id}/holdings/2200`
  return {
    bib_data,
    holding_data: {
      holding_id: '2200',
      call_number: 'QC355',
      in_temp_location: false,
      link: holding,
    },
    item_data: {
      pid,
      barcode,
      base_status: { value: '1', desc: 'Item in place' },
      process_type: { value: '', desc: null },
      library: { value: 'MAIN', desc: 'Main' },
      location: { value: 'GEN', desc: 'General' },
      physical_material_type: { value: 'BOOK', desc: 'Book' },
      requested: false,
      public_note: '',
    },
    link: `${holding}/items/${pid}`,
  }
}

runFake(answer, (name) => {
  state = name
})
