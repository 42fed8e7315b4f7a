/** A small catalogue, invented, that the fakes and the real Zebra server know in common. */
export interface Entry {
  readonly id: string
  /** Of its items. */
  readonly barcodes: readonly string[]
  /** As test/support/marc.ts reads it. */
  readonly marc: string
}

export const OPTICS = {
  barcode: '35047000000017',
  record: {
    itemId: '42',
    title: 'Example optics : a primer',
    author: 'Jane Doe and Wei Li',
    publisher: 'Sample Press',
    edition: '2nd ed',
    year: '1992',
    isbnIssn: '9780000000019',
  },
} as const

/** Two records have an item of this barcode. */
export const SEVERAL = '35047000000022'

/** Its record has neither author nor year. */
export const INCOMPLETE = '35047000000033'

/** In no Latin letters. */
export const CYRILLIC = '35047000000055'

export const CATALOGUE: readonly Entry[] = [
  {
    id: '42',
    barcodes: [OPTICS.barcode, '35047000000018'],
    marc: `
      001 42
      008 920101s1992\\\\\\\\nyua\\\\\\\\\\b\\\\\\\\001\\0\\eng\\d
      020 __ $a9780000000019 (pbk. : alk. paper)
      100 1_ $aDoe, Jane,$d1950-
      245 10 $6880-01$aExample optics :$ba primer /$cby Jane Doe and Wei Li.
      250 __ $a2nd ed.
      264 _1 $aNew York :$bSample Press,$c[1992]
      700 1_ $aLi, Wei,$d1970-
      880 10 $6245-01/$1$a光学入門 /$c土井.`,
  },
  { id: '43', barcodes: [SEVERAL], marc: '001 43\n245 00 $aOne of two /$cJ. Doe.\n260 __ $c2001' },
  { id: '44', barcodes: [SEVERAL], marc: '001 44\n245 00 $aTwo of two /$cJ. Doe.\n260 __ $c2002' },
  { id: '45', barcodes: [INCOMPLETE], marc: '001 45\n245 00 $aNobody knows when.' },
  {
    id: '46',
    barcodes: [CYRILLIC],
    marc: '001 46\n245 10 $aОптика :$bвведение /$cИванов И. И.\n264 _1 $aМосква :$bНаука,$c2018.',
  },
]
