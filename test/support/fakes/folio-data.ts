/** What the fake FOLIO holds. All of it is invented, in the shapes of real releases. */

const ISBN = '8261054f-be78-422d-bd51-4ed9f33c3422'
const LCCN = 'c858e4f2-2b6b-4385-842b-60732ee14abb'

export const OPTICS = 'ada3b101-0000-4000-8000-000000000042'
const UNDATED = 'ada3b101-0000-4000-8000-000000000043'

interface FolioItem {
  readonly barcode: string
  readonly holdingsRecordId: string
  /** The instance that its holdings lead to; it is no field of FOLIO's items. */
  readonly instance: string
}

export const ITEMS: readonly FolioItem[] = [
  { barcode: '35047000000017', holdingsRecordId: 'h-optics', instance: OPTICS },
  { barcode: '35047000000025', holdingsRecordId: 'h-undated', instance: UNDATED },
  { barcode: 'TWICE', holdingsRecordId: 'h-optics', instance: OPTICS },
  { barcode: 'twice', holdingsRecordId: 'h-undated', instance: UNDATED },
  { barcode: 'ORPHAN', holdingsRecordId: 'h-orphan', instance: 'gone' },
]

export const INSTANCES: Readonly<Record<string, object>> = {
  [OPTICS]: {
    title: 'Example optics : a primer / Jane Doe and Wei Li.',
    indexTitle: 'Example optics : a primer',
    editions: ['2nd ed'],
    identifiers: [
      { identifierTypeId: LCCN, value: '92000722' },
      { identifierTypeId: ISBN, value: '9780000000019 (pbk. : alk. paper)' },
    ],
    contributors: [
      { name: 'Doe, Jane', contributorTypeText: '', primary: true },
      { name: 'Li, Wei, 1970-', primary: false },
    ],
    publication: [
      { publisher: 'Sample Press', place: 'New York', dateOfPublication: 'c1992', role: null },
    ],
    dates: { date1: '1992' },
    subjects: [{ value: 'Optics' }],
  },
  [UNDATED]: { title: 'A book without a year / Jane Doe.' },
}

export const EMPTY_INSTANCE = {
  hrid: 'in00000000042',
  source: 'MARC',
  alternativeTitles: [],
  editions: [],
  series: [],
  identifiers: [],
  contributors: [],
  subjects: [],
  publication: [],
  languages: ['eng'],
  physicalDescriptions: ['vii, 312 p.'],
  staffSuppress: false,
  discoverySuppress: false,
  metadata: { createdDate: '2021-09-15T18:59:10.117+00:00' },
}
