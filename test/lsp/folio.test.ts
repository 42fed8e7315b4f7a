import { lspContract } from '../contract/lsp.ts'

const RECORD = {
  itemId: 'ada3b101-0000-4000-8000-000000000042',
  itemPage: 'https://discovery.example.edu/?an=clc.ada3b101.0000.4000.8000.000000000042',
  title: 'Example optics : a primer',
  author: 'Jane Doe and Wei Li',
  publisher: 'Sample Press',
  edition: '2nd ed',
  year: '1992',
  isbnIssn: '9780000000019',
}

const PLACE = (url: string) => `FOLIO_OKAPI_URL = ${url}/
FOLIO_OKAPI_TENANT_ID = library
FOLIO_ACCESSION_PREFIX = clc
EDS_PAGE_TEMPLATE = https://discovery.example.edu/?an={accession_number}
`
const TOKEN = 'FOLIO_OKAPI_TOKEN = fixed.okapi.token'
const ACCOUNT = 'FOLIO_USER = carrel\nFOLIO_PASSWORD = correct horse'

for (const [way, lines] of [
  [' with a token', TOKEN],
  [' with an account', ACCOUNT],
] as const) {
  lspContract({
    type: 'folio',
    way,
    ini: (url) => PLACE(url) + lines,
    found: { barcode: '35047000000017', record: RECORD },
    several: 'TWICE',
    incomplete: { barcode: '35047000000025', fields: ['year'] },
    secrets: ['fixed.okapi.token', 'correct horse', 'access.', 'refresh.'],
    json: true,
  })
}
