import { describe, expect, it } from 'vitest'
import type { LspRecord } from '../../src/lsp/lsp.ts'
import { marcOf } from '../../src/lsp/marc.ts'
import { recordOfMarc } from '../../src/lsp/marc-record.ts'
import { xmlOf } from '../../src/lsp/xml.ts'
import type { Reply } from '../../src/outgoing.ts'
import { marcXml } from '../support/marc.ts'

const reply = (text: string | Buffer): Reply => ({
  kind: 'reply',
  status: 200,
  headers: {},
  mime: 'text/xml',
  bytes: Buffer.from(text),
})

async function recordOf(xml: string): Promise<LspRecord | undefined> {
  const root = xmlOf(reply(xml))
  const marc = root && (await marcOf(root))
  return marc && recordOfMarc(marc, '42', 'https://opac.example.edu/42')
}

const OPTICS = {
  itemId: '42',
  itemPage: 'https://opac.example.edu/42',
  title: 'Example optics : a primer',
  author: 'Jane Doe and Wei Li',
  publisher: 'Sample Press',
  edition: '2nd ed',
  year: '1992',
  isbnIssn: '9780000000019',
}

describe('recordOfMarc', () => {
  it('reads a record of AACR2, with its imprint in 260', async () => {
    const xml = marcXml(`
      001 42
      008 920101s1992    nyua     b    001 0 eng d
      020 __ $a9780000000019 (pbk. : alk. paper) :$c$25.00
      100 1_ $aDoe, Jane,$d1950-
      245 10 $aExample optics :$ba primer /$cby Jane Doe and Wei Li.
      250 __ $a2nd ed.
      260 __ $aNew York :$bSample Press,$cc1992.
      300 __ $avii, 312 p. :$bill. ;$c24 cm.
      700 1_ $aLi, Wei,$d1970-
    `)
    expect(await recordOf(xml)).toEqual(OPTICS)
  })

  it('reads a record of RDA, with its imprint in 264 and its title in another script', async () => {
    const xml = marcXml(`
      001 42
      008 920101t19921991nyua     b    001 0 eng d
      020 __ $z9780000000002
      020 __ $a9780000000019$q(paperback)
      245 10 $6880-01$aExample optics :$ba primer /$cJane Doe and Wei Li.
      250 __ $a2nd ed.
      264 _0 $aBoston :$bSome Producer,$c1990.
      264 _1 $aNew York :$bSample Press,$c[1992]
      264 _4 $c©1991
      880 10 $6245-01/$1$a光学入門 :$b初歩 /$c土井.
    `)
    expect(await recordOf(xml)).toEqual(OPTICS)
  })

  it('reads a record without ISBD punctuation', async () => {
    const xml = marcXml(`
      245 10 $aExample optics$ba primer$cJane Doe and Wei Li
      020 __ $a978-0-00-000001-9
      250 __ $a2nd ed
      264 _1 $aNew York$bSample Press$c1992
    `)
    expect(await recordOf(xml)).toEqual(OPTICS)
  })

  it('reads a record whose elements have a prefix', async () => {
    const xml = marcXml('245 10 $aOptics /$cJane Doe.')
      .replace('xmlns=', 'xmlns:marc=')
      .replaceAll(/<(\/?)(?=[a-z])/g, '<$1marc:')
    expect(xml).toContain('<marc:subfield code="a">')
    expect(await recordOf(xml)).toMatchObject({ title: 'Optics', author: 'Jane Doe' })
  })

  it.each<[what: string, lines: string, record: Partial<LspRecord>]>([
    ['AC/DC', '245 00 $aAC/DC :$bthe story /$cA. Fan.', { title: 'AC/DC : the story' }],
    ['initials', '245 10 $aPoems /$cby T. S.', { author: 'T. S.' }],
    ['an ellipsis', '245 10 $aAnd so on ... /$cJ. Doe.', { title: 'And so on ...' }],
    ['a slash that is no ISBD', '245 00 $aInput / output /$cJ.', { title: 'Input / output' }],
    [
      '$h before the colon',
      '245 00 $aOptics$h[text] :$ba primer /$cJ.',
      { title: 'Optics : a primer' },
    ],
    ['a volume', '245 00 $aOptics.$nVolume 2,$pWaves /$cJ.', { title: 'Optics. Volume 2, Waves' }],
    ['a parallel title', '245 00 $aOptics =$bOptique /$cJ.', { title: 'Optics = Optique' }],
    [
      'no $c but a slash',
      '245 10 $aOptics / by Jane Doe.',
      { title: 'Optics', author: 'Jane Doe' },
    ],
    [
      'editors',
      '245 00 $aX /$cedited by A. B. Roe ... [et al.] ; art editor, C. Doe.',
      { author: 'A. B. Roe ... [et al.] ; art editor, C. Doe' },
    ],
    [
      'no $c',
      '245 10 $aOptics.\n100 1_ $aDoe, Jane,$d1950-\n700 1_ $aLi, Wei,',
      { title: 'Optics', author: 'Doe, Jane' },
    ],
    ['[by]', '245 10 $aX /$c[by] J. Doe.', { author: 'J. Doe' }],
    ['[by ...]', '245 10 $aX /$c[by J. Doe].', { author: '[by J. Doe]' }],
    ['a body', '245 10 $aOptics.\n110 2_ $aSample Society.', { author: 'Sample Society' }],
    ['a meeting', '245 10 $aOptics.\n111 2_ $aOptics Days', { author: 'Optics Days' }],
    [
      'added names only',
      '245 00 $aOptics.\n700 1_ $aDoe, J.,\n700 12 $aRoe, R.$tPoems.\n700 1_ $aLi, Wei,',
      { author: 'Doe, J. and Li, Wei' },
    ],
    ['no author', '245 00 $aOptics.', { title: 'Optics', author: '' }],
    [
      'non-Latin letters',
      '245 10 $aОптика :$bвведение /$cИванов И. И.',
      {
        title: 'Оптика : введение',
        author: 'Иванов И. И.',
      },
    ],
    ['Chinese', '245 10 $a光学入門 /$c土井花子.', { title: '光学入門', author: '土井花子' }],
    ['signs of XML', '245 10 $aR&D <now> "then" /$cJ.', { title: 'R&D <now> "then"' }],
    [
      '260 and 264',
      '260 __ $bOld,$c1990.\n264 _1 $bNew,$c1992.',
      { publisher: 'Old', year: '1992' },
    ],
    ['an open imprint', '260 __ $aNew York,$c1999-2001.', { publisher: '', year: '1999' }],
    ['a copyright only', '264 _1 $bX,$c[n.d.]\n264 _4 $c©2012', { year: '2012' }],
    ['008 only', '008 920101s1992    nyua     b    001 0 eng d', { year: '1992' }],
    [
      '008 of TIND',
      '008 920101s1992\\\\\\\\nyua\\\\\\\\\\b\\\\\\\\001\\0\\eng\\d',
      { year: '1992' },
    ],
    ['008 without a year', '008 920101s19uu    nyu', { year: '' }],
    ['008 with blanks', '008 920101n\\\\\\\\\\\\\\\\xx', { year: '' }],
    ['half a 008', '008 9201', { year: '' }],
    ['an ISBN that ends in X', '020 __ $a080442957X (cloth)', { isbnIssn: '080442957X' }],
    [
      'a wrong ISBN before a right one',
      '020 __ $a123\n020 __ $a0000000019',
      { isbnIssn: '0000000019' },
    ],
    ['a cancelled ISBN', '020 __ $z9780000000019', { isbnIssn: '' }],
    ['an ISSN', '022 0_ $a2049-3630$l2049-3630', { isbnIssn: '2049-3630' }],
  ])('reads %s', async (_, lines, record) => {
    expect(await recordOf(marcXml(lines))).toMatchObject(record)
  })

  it('tells nothing of an empty record', async () => {
    const xml = '<record xmlns="http://www.loc.gov/MARC21/slim"/>'
    expect(Object.values((await recordOf(xml)) ?? {})).toEqual([
      '42',
      OPTICS.itemPage,
      ...Array(6).fill(''),
    ])
  })

  it('reads fields and subfields that are empty', async () => {
    const xml = marcXml('001 \n245 10 $aOptics$b$c\n250 __')
    expect(await recordOf(xml)).toMatchObject({ title: 'Optics', author: '', edition: '' })
  })

  it.each([
    ['a field without tag', '<record><controlfield>42</controlfield></record>'],
    [
      'a subfield without code',
      '<record><datafield tag="245"><subfield>x</subfield></datafield></record>',
    ],
    ['another document', '<h1>Please sign in</h1>'],
  ])('is none of %s', async (_, xml) => {
    expect(await recordOf(xml)).toBeUndefined()
  })
})

describe('xmlOf', () => {
  const BILLION_LAUGHS = `<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>`

  it.each<[what: string, bytes: string | Buffer]>([
    ['half a document', '<collection><record>'],
    ['a document type with entities', BILLION_LAUGHS],
    ['a document type that names a file', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'],
    ['a document type without anything', '<!DOCTYPE collection><collection/>'],
    ['an unknown entity', '<a>&nbsp;</a>'],
    ['a web page', '<html><body><br>Sign in</body></html>'],
    ['two documents', '<a/><b/>'],
    ['an attribute without quotes', '<a b=c/>'],
    ['text', 'Sign in'],
    ['nothing', ''],
    ['bytes that are not UTF-8', Buffer.from('<a>\xe9</a>', 'latin1')],
    ['more than any record has', `<a>${'x'.repeat(1024 * 1024)}</a>`],
  ])('refuses %s', (_, bytes) => {
    expect(xmlOf(reply(bytes))).toBeUndefined()
  })

  it('refuses any reply but 200', () => {
    expect(xmlOf({ ...reply('<a/>'), status: 404 } as Reply)).toBeUndefined()
    expect(xmlOf({ kind: 'no-reply', why: 'timeout', host: '' })).toBeUndefined()
  })

  it('reads XML with a declaration, a byte order mark, comments and CDATA', () => {
    const text =
      '\ufeff<?xml version="1.0" encoding="UTF-8"?><!-- 1 --><a>é &amp; <![CDATA[<b>]]></a>'
    expect(xmlOf(reply(text))?.textContent).toBe('é & <b>')
  })
})
