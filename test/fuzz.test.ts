import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { loadSettings } from '../src/settings.ts'
import { SETTINGS } from '../src/settings-table.ts'
import { testFolder } from './support/folder.ts'
import { cases } from './support/fuzz.ts'
import { checkInvariants } from './support/invariants.ts'
import { IMAGE_HOST, smallManifest } from './support/manifest.ts'
import { manifestFile, startSite } from './support/site.ts'

const KEYS = Object.values(SETTINGS).map(({ key }) => key)

/** Half of it almost makes sense. */
const value = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('yes', 'no', '', '0', '-1', '1e999', '127.0.0.1', 'https://a.test', '../..', '%'),
)

it('fuzz: any settings file is read, or refused with one line for each fault', () => {
  const folder = testFolder()
  const file = join(folder, 'settings.ini')
  const line = fc.oneof(
    fc
      .tuple(fc.constantFrom(...KEYS), fc.constantFrom('=', ':', ' '), value)
      .map((all) => all.join('')),
    fc.constantFrom('[carrel]', '[dibs]', '[folio]', '[', '; a comment', '   goes on'),
    fc.string({ unit: 'binary' }),
  )
  const kinds = new Set<string>()
  const text = fc.array(line, { maxLength: 12 }).map((lines) => {
    return `[carrel]\nBASE_URL = http://127.0.0.1:8080\n${lines.join('\n')}`
  })
  fc.assert(
    fc.property(text, (ini) => {
      writeFileSync(file, ini)
      const reading = loadSettings({ file, env: {} })
      kinds.add(reading.kind)
      if (reading.kind === 'settings') return
      expect(reading.faults).not.toEqual([])
      for (const fault of reading.faults) expect(fault).toMatch(/^[^\n]+$/)
    }),
    { numRuns: cases(300) },
  )
  expect([...kinds].sort()).toEqual(['faults', 'settings'])
})

const FORMS = [
  ...['/loan', '/return/A', '/update/add', '/update/edit', '/ready', '/remove', '/end-newest'],
  ...['/loans/end', '/loans/lengthen', '/start-processing', '/delete-thumbnail/A', '/bulk'],
]
const FIELDS = [
  ...['barcode', 'old_barcode', 'num_copies', 'duration', 'title', 'notes', 'ready', 'readers'],
  ...['loan', 'loans', 'due_at', 'hours', 'action', 'accepted', 'list', 'constructor', '__proto__'],
]

it('fuzz: any form is answered in words, breaks nothing and leaves the database sound', async () => {
  const site = await startSite({ ini: `IIIF_BASE_URL = ${IMAGE_HOST}` })
  await site.addItem('A', { copies: 3, convert: false })
  mkdirSync(site.settings.manifestDir, { recursive: true })
  writeFileSync(manifestFile(site, 'A'), smallManifest())
  const text = fc.oneof(
    value,
    fc.constantFrom('A', 'B', 'yes', 'no', 'finish', 'end', '1', '2', '0.02', '999', 'save'),
  )
  const body = fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .array(fc.tuple(fc.constantFrom(...FIELDS), text), { maxLength: 6 })
        .map((pairs) => new URLSearchParams(pairs).toString()),
    },
    { weight: 1, arbitrary: fc.string() },
    { weight: 1, arbitrary: fc.stringMatching(/^[a-z%&=+\d]{0,40}$/) },
  )
  const type = fc.oneof(
    { weight: 5, arbitrary: fc.constant('application/x-www-form-urlencoded') },
    { weight: 1, arbitrary: fc.constantFrom('multipart/form-data; boundary=x', 'text/plain', '') },
  )
  const seen = new Set<number>()
  const who = fc.constantFrom('ann', 'bob', 'lee')
  await fc.assert(
    fc.asyncProperty(
      who,
      fc.constantFrom(...FORMS),
      body,
      type,
      async (name, path, sent, content) => {
        const headers = { origin: site.url, 'content-type': content }
        const answer = await site.as(name, path, { method: 'POST', body: sent, headers })
        seen.add(answer.status)
        expect([303, 400, 403, 404, 409, 413, 415], `${path} ${sent}`).toContain(answer.status)
        if (answer.status !== 303) expect(await answer.text()).toMatch(/<h1/)
        else await answer.arrayBuffer()
      },
    ),
    { numRuns: cases(250) },
  )
  checkInvariants(site.db.$client)
  expect(site.log.filter(({ msg }) => msg === 'request.fault')).toEqual([])
  expect(seen, 'some forms must get through').toContain(303)
})

it('fuzz: any image request is answered, and none is a fault of the server', async () => {
  const site = await startSite()
  await site.addItem('A', { pages: 1 })
  await site.post('ann', '/loan', { barcode: 'A' })
  const part = fc.oneof(
    fc.stringMatching(/^[!^pct:0-9.,-]{0,14}$/),
    fc.constantFrom(
      'full',
      'max',
      'square',
      '0',
      '90',
      '!0',
      'default.jpg',
      'gray.png',
      'info.json',
    ),
    fc.constantFrom(
      '..',
      '%2e%2e',
      '%2F',
      '%00',
      '1e9,1e9,1,1',
      '0,0,1,1',
      '99999999999999999999,',
    ),
    fc.string().map(encodeURIComponent),
  )
  const seen = new Set<number>()
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 5 }), async (parts) => {
      const answer = await site.as('ann', `/iiif/A/1/${parts.join('/')}`)
      await answer.arrayBuffer()
      seen.add(answer.status)
      expect([200, 400, 403, 404], parts.join('/')).toContain(answer.status)
    }),
    { numRuns: cases(250) },
  )
  expect(seen).toContain(400)
})

it('4.4 fuzz: any damage to a manifest shows on the pages of staff and patrons, and breaks none', async () => {
  const site = await startSite({ ini: `IIIF_BASE_URL = ${IMAGE_HOST}` })
  await site.addItem('A', { copies: 9, convert: false })
  mkdirSync(site.settings.manifestDir, { recursive: true })
  const whole = Buffer.from(smallManifest(3))
  const position = fc.integer({ min: 0, max: whole.length - 1 })
  const damage = fc.oneof(
    position.map((end) => whole.subarray(0, end)),
    fc
      .array(fc.tuple(position, fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 3 })
      .map((bytes) =>
        bytes.reduce((damaged, [at, byte]) => damaged.fill(byte, at, at + 1), Buffer.from(whole)),
      ),
  )
  await fc.assert(
    fc.asyncProperty(damage, async (bytes) => {
      writeFileSync(manifestFile(site, 'A'), bytes)
      for (const [name, path] of [
        ['lee', '/list'],
        ['ann', '/item/A'],
      ] as const) {
        const answer = await site.as(name, path)
        expect([answer.status, path]).toEqual([200, path])
        await answer.arrayBuffer()
      }
      const answer = await site.post('ann', '/loan', { barcode: 'A' })
      expect([303, 409]).toContain(answer.status)
      await answer.arrayBuffer()
      await (await site.post('ann', '/return/A')).arrayBuffer()
      site.clock.t += 3_600_000
    }),
    { numRuns: cases(60) },
  )
  checkInvariants(site.db.$client)
})
