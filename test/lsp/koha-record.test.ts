import { describe, expect, it } from 'vitest'
import { BIBLIO, ITEMS, recordOf } from '../../src/lsp/koha-record.ts'
import type { LspRecord } from '../../src/lsp/lsp.ts'
import { OPTICS } from '../support/fakes/koha-data.ts'

const ITEM = { item_id: '7', biblio_id: '42', external_id: '35047000000017' }
const recordFrom = (biblio: object) => recordOf(ITEM, BIBLIO.parse(biblio), '')

describe("Koha's columns", () => {
  it.each<[columns: object, told: Partial<LspRecord>]>([
    [{ title: 'Example optics', subtitle: 'a primer' }, { title: 'Example optics : a primer' }],
    [{ title: 'Example optics /', subtitle: null }, { title: 'Example optics' }],
    [{ title: 'Example optics :', subtitle: '' }, { title: 'Example optics' }],
    [{ title: 'AC/DC :', subtitle: 'a history.' }, { title: 'AC/DC : a history' }],
    [{ title: 'Optics =', subtitle: 'Optik /' }, { title: 'Optics = Optik' }],
    [
      { title: 'Optics :', subtitle: 'theory : | practice /' },
      { title: 'Optics : theory : practice' },
    ],
    [
      { title: 'Optics.', subtitle: null, part_number: 'Part 2,', part_name: 'Lenses /' },
      { title: 'Optics. Part 2. Lenses' },
    ],
    [{ title: 'What is light? /', subtitle: null }, { title: 'What is light?' }],
    [{ author: 'Doe, J.' }, { author: 'Doe, J.' }],
    [{ author: 'Ó Dónaill, Niall.' }, { author: 'Ó Dónaill, Niall' }],
    [{ author: 'Doe, Jane, | Li, Wei,' }, { author: 'Doe, Jane and Li, Wei' }],
    [{ author: null }, { author: '' }],
    [{ publisher: 'Sample Press, | Other Press,' }, { publisher: 'Sample Press' }],
    [{ edition_statement: 'Rev. ed. /' }, { edition: 'Rev. ed' }],
    [{ publication_year: 'c1992', copyright_date: 1990 }, { year: '1992' }],
    [{ publication_year: '1999-2001' }, { year: '1999' }],
    [{ publication_year: '[2018]' }, { year: '2018' }],
    [{ publication_year: 2018 }, { year: '2018' }],
    [{ publication_year: '', copyright_date: 1990 }, { year: '1990' }],
    [{ publication_year: '19--', copyright_date: 1990 }, { year: '1990' }],
    [{ publication_year: null, copyright_date: 0 }, { year: '' }],
    [{ isbn: '978-0-00-000001-9 (pbk.)' }, { isbnIssn: '9780000000019' }],
    [{ isbn: '9780000000010 | 0000000019' }, { isbnIssn: '0000000019' }],
    [{ isbn: null, issn: '20493630' }, { isbnIssn: '2049-3630' }],
    [{ isbn: '', issn: null }, { isbnIssn: '' }],
  ])('%j are read as %j', (columns, told) => {
    expect(recordFrom({ ...OPTICS, ...columns })).toMatchObject(told)
  })

  it('may be absent, as in older releases', () => {
    const { title, author, copyright_date } = OPTICS
    expect(recordFrom({ title, author, copyright_date })).toEqual({
      itemId: '7',
      itemPage: '',
      title: 'Example optics',
      author: 'Doe, Jane',
      publisher: '',
      edition: '',
      year: '1992',
      isbnIssn: '',
    })
  })

  it('may hold numbers as texts', () => {
    expect(ITEMS.parse([{ item_id: '7', biblio_id: 42, external_id: 35047 }])).toEqual([
      { item_id: '7', biblio_id: '42', external_id: '35047' },
    ])
  })
})
