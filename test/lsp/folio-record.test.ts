import { describe, expect, it } from 'vitest'
import { INSTANCE, recordOf, titleAndAuthor } from '../../src/lsp/folio-record.ts'

const ISBN = '8261054f-be78-422d-bd51-4ed9f33c3422'
const ISSN = '913300b2-03ed-469a-8179-c1092c991227'
const ID = 'ada3b101-0000-4000-8000-000000000042'
const NO_PAGE = { template: '', prefix: '' }

/** The record of an instance as FOLIO sends it. */
const record = (instance: object, page = NO_PAGE) =>
  recordOf(INSTANCE.parse(JSON.parse(JSON.stringify({ id: ID, ...instance }))), page)

describe('the title of a FOLIO instance', () => {
  it.each([
    ['Marbles : mania, ... / by Ellen Forney.', 'Marbles : mania, ...', 'Ellen Forney'],
    [
      'Principles of X / edited by A. B ... [et al.] ; art editor, C D',
      'Principles of X',
      'A. B ... [et al.] ; art editor, C D',
    ],
    [
      'Example optics : a primer / Jane Doe and Wei Li.',
      'Example optics : a primer',
      'Jane Doe and Wei Li',
    ],
    ['Optics [by] Jane Doe', 'Optics', 'Jane Doe'],
    ['Optics / [by] Jane Doe.', 'Optics', 'Jane Doe'],
    ['Optics, by Jane Doe', 'Optics', 'Jane Doe'],
    ['Stories, by hand, by Jane Doe', 'Stories, by hand', 'Jane Doe'],
    ['Optics : / Jane Doe', 'Optics', 'Jane Doe'],
    ['Optics /\n  Jane   Doe', 'Optics', 'Jane Doe'],
    ['Optics / Jane Doe / translated by X', 'Optics', 'Jane Doe / translated by X'],
    ['Optics / Jane Doe, with songs, by Wei Li', 'Optics', 'Jane Doe, with songs, by Wei Li'],
    ['Poems / Byron.', 'Poems', 'Byron'],
    ['AC/DC : the story', 'AC/DC : the story', ''],
    ['The road, bypassed', 'The road, bypassed', ''],
    ['Step, by step', 'Step, by step', ''],
    ['/ by nobody', '/ by nobody', ''],
    ['Histoire de l’optique / Zoë Ünal', 'Histoire de l’optique', 'Zoë Ünal'],
    ['', '', ''],
  ])('%j is title and author', (whole, title, author) => {
    expect(titleAndAuthor(whole)).toEqual({ title, author })
  })
})

describe('the record of a FOLIO instance', () => {
  it.each([
    ['c2012', undefined, '2012'],
    ['[2018]', undefined, '2018'],
    ['1999-2001', undefined, '1999'],
    ['©2003, 1998', undefined, '2003'],
    ['n.d.', '1987', '1987'],
    [undefined, '1987', '1987'],
    ['19--', '19uu', ''],
  ])('has the year of %j and %j as %j', (dateOfPublication, date1, year) => {
    expect(record({ publication: [{ dateOfPublication }], dates: { date1 } }).year).toBe(year)
  })

  it.each([
    [[{ name: 'Doe, Jane', primary: true }, { name: 'Li, Wei, 1970-' }], 'Doe, Jane and Li, Wei'],
    [[{ name: 'Doe, Jane, 1911-1990', primary: false }], 'Doe, Jane et al.'],
    [[{ name: 'Doe, Jane' }], 'Doe, Jane'],
    [[{ name: 'O’Brien, Zoë, active 1970' }], 'O’Brien, Zoë'],
    [[{ name: 'Doe, J. (Jane), 1950-' }, {}], 'Doe, J.'],
    [[{ name: '3M Company' }], '3M Company'],
    [[{ name: null }, 'Doe', null], ''],
    [[], ''],
  ])('has the contributors %j as author %j, if the title names none', (contributors, author) => {
    expect(record({ title: 'Optics', contributors }).author).toBe(author)
    expect(record({ title: 'Optics / X', contributors }).author).toBe('X')
  })

  it.each([
    [[{ identifierTypeId: ISBN, value: '9780000000019 (pbk.)' }], '9780000000019'],
    [[{ identifierTypeId: ISSN, value: '2049-3630' }], '2049-3630'],
    [
      [
        { identifierTypeId: 'c858e4f2-2b6b-4385-842b-60732ee14abb', value: '92000722' },
        { identifierTypeId: ISBN, value: 'n/a' },
        { identifierTypeId: ISBN, value: '978-0-00-000001-9' },
      ],
      '9780000000019',
    ],
    [[{ identifierTypeId: ISBN }, null, {}], ''],
  ])('has of the identifiers %j the number %j', (identifiers, number) => {
    expect(record({ identifiers }).isbnIssn).toBe(number)
  })

  it.each([
    ['https://eds.example/?an={accession_number}&x', 'clc', 'clc.'],
    ['https://eds.example/?an={accession_number}&x', 'clc.', 'clc.'],
    ['https://eds.example/?an={accession_number}&x', '', ''],
  ])('has a page by the template %j and the prefix %j', (template, prefix, before) => {
    const number = `${before}ada3b101.0000.4000.8000.000000000042`
    const { itemPage, itemId } = record({}, { template, prefix })
    expect([itemPage, itemId]).toEqual([`https://eds.example/?an=${number}&x`, ID])
  })

  it('is read from releases that differ in shape', () => {
    const told = { title: 'Optics', author: '', publisher: 'P', edition: '2nd ed', year: '' }
    for (const instance of [
      { title: 'Optics', publication: [{ publisher: 'P', role: null }], editions: ['2nd ed'] },
      { title: 'Optics', publication: [{ publisher: 'P' }], editions: [{ value: '2nd ed' }] },
      { indexTitle: 'Optics', publication: [{ publisher: 'P' }], editions: ['2nd ed', 7] },
      {
        title: 'Optics',
        publication: [{ publisher: 'P', dateOfPublication: null }],
        editions: ['2nd ed'],
        contributors: null,
        dates: null,
        identifiers: 'none',
        subjects: [{ value: 'x' }],
        series: ['y'],
      },
    ]) {
      expect(record(instance)).toMatchObject(told)
    }
  })
})
