/** Items and records of the fake Koha, in the shapes of its REST API; barcodes are invented. */

export const ITEMS = [
  item(7, 42, '35047000000017'),
  item(8, 43, '350470000000170'),
  item(9, 44, '35047000000025'),
  item(10, 42, 'TWICE'),
  item(11, 43, 'TWICE '),
  item(12, 42, 'ABC-1'),
  item(13, 43, null),
  item(14, 45, '35047000000033'),
]

function item(item_id: number, biblio_id: number, external_id: string | null) {
  return {
    item_id,
    biblio_id,
    external_id,
    callnumber: 'QC355 .D64',
    home_library_id: 'MAIN',
    holding_library_id: 'MAIN',
    location: 'GEN',
    item_type_id: 'BK',
    effective_item_type_id: 'BK',
    not_for_loan_status: 0,
    lost_status: 0,
    withdrawn: 0,
    restricted_status: null,
    checked_out_date: null,
    bookable: false,
    timestamp: '2026-01-05T10:00:00+00:00',
  }
}

/** As of 24.05. */
export const OPTICS = {
  biblio_id: 42,
  framework_id: '',
  title: 'Example optics :',
  subtitle: 'a primer /',
  author: 'Doe, Jane,',
  medium: null,
  uniform_title: null,
  series_title: null,
  copyright_date: 1992,
  creation_date: '2025-01-01',
  timestamp: '2026-01-05T10:00:00+00:00',
  isbn: '9780000000019 | 0000000019',
  issn: null,
  publisher: 'Sample Press,',
  publication_year: null,
  publication_place: 'New York :',
  edition_statement: '2nd ed.',
  item_type: 'BK',
  pages: 'vii, 312 p. :',
  material_size: '28 cm',
  lc_control_number: null,
  collection_title: null,
  abstract: null,
  notes: null,
  part_number: null,
  part_name: null,
}

export const BIBLIOS: Readonly<Record<string, object>> = {
  42: OPTICS,
  43: { ...OPTICS, biblio_id: 43, title: 'Other optics', subtitle: null },
  45: {
    ...OPTICS,
    biblio_id: 45,
    title: 'Essays',
    subtitle: null,
    author: null,
    copyright_date: null,
    isbn: null,
  },
  44: { ...OPTICS, biblio_id: 44, author: null, copyright_date: null, publication_year: '19--' },
}

/** Whole records of some of them, in MARC 21: an edited volume has no author in the columns. */
export const MARCS: Readonly<Record<string, string>> = {
  45: `
    001 45
    020 __ $a9780000000019
    245 00 $aOther words for the title /$cedited by Ann Roe.
    264 _1 $aBern :$bOther Press,$c[2018]
    700 1_ $aRoe, Ann,$eeditor.`,
}

/** The same in UNIMARC, where 100 is no author and 200 is the title. */
export const UNIMARC: Readonly<Record<string, string>> = {
  45: `
    001 45
    100 __ $a20260101d2018    m  y0frey50      ba
    200 1_ $aEssays$fAnn Roe
    700 _1 $aRoe$bAnn`,
}
