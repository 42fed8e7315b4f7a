import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import type { Asset } from '../../src/web/asset.ts'
import { viewerFiles } from '../../src/web/viewer-files.ts'

const viewer = await viewerFiles()
const dir = await mkdtemp(join(tmpdir(), 'carrel-viewer-'))
afterAll(() => rm(dir, { recursive: true }))

function get(name: string): Asset {
  const file = viewer.files.get(name)
  if (!file) throw new Error(`${name} is not served`)
  return file
}
const text = (name: string) => Buffer.from(get(name).bytes).toString()

describe('files of Universal Viewer', () => {
  it('are one script, which holds what an image book needs and nothing for other media', () => {
    expect(text('uv.js')).toMatch(/^\/\/# allFunctionsCalledOnLoad\n/)
    expect(text('uv.js')).toMatch(/^export const\{[^}]*\binit\b/m)
    for (const part of ['OpenSeadragon', 'jQuery', 'uv-openseadragon-extension', 'wholeImage']) {
      expect(text('uv.js')).toContain(part)
    }
    expect(text('uv.js')).not.toMatch(/\bpdfjs|three\.js|aleph-viewer/)
  })

  it('include what an image book loads later on, so that nothing is asked for then', () => {
    const later = [...text('uv.js').matchAll(/(?:"([\w-]+)"[^"]*)?\bimport\("([^"]+)"\)/g)]
    expect(later.length, 'needs the lazy imports of other media').toBeGreaterThan(5)
    const wanted = /^(?:en-GB|iiifManifestId|uv-openseadragon-extension)$/
    expect(later.filter(([, of]) => wanted.test(of ?? ''))).toEqual([])
    expect(text('uv.js').match(/Promise\.resolve\(script\d+\)/g)).toHaveLength(4)
  })

  it('build no frame, and no dialogue that nobody can open', () => {
    expect(text('uv.js')).not.toContain('<iframe id')
    for (const name of ['share', 'settings', 'login', 'externalContent']) {
      expect(text('uv.js')).not.toMatch(new RegExp(`this\\.${name}Dialogue=new`))
    }
    expect(text('uv.js'), 'needs dialogues as they are written').toMatch(
      /this\.adjustImageDialogue=new/,
    )
  })

  it('stay small: under 1.5 MB, and under 340 KB when compressed', async () => {
    const all = ['uv.js', 'uv.css'].map(get)
    const sent = await Promise.all(all.map(async (file) => (await file.brotli?.()) ?? file.bytes))
    const total = (forms: { length: number }[]) => forms.reduce((sum, form) => sum + form.length, 0)
    expect(total(all.map((file) => file.bytes))).toBeLessThan(1_500_000)
    expect(total(sent)).toBeLessThan(340_000)
  })

  it('are styled by one sheet that asks no other host', () => {
    expect(text('uv.css').includes('.en-gb')).toBe(true)
    expect(text('uv.css').includes('openseadragon')).toBe(true)
    const links = [...text('uv.css').matchAll(/(?:@import|url\(["']?)([^"')]{3})/g)]
    const within = ['dat', '%23'] // data: addresses, and references inside of one
    expect(new Set(links.map((link) => link[1]))).toEqual(new Set(within))
    expect(get('uv.css').type).toBe('text/css; charset=utf-8')
  })

  it('come back whole from their compressed form, and have types and strong validators', async () => {
    for (const name of ['uv.js', 'uv.css', 'LICENSE.txt']) {
      const { bytes, etag, type, ...file } = get(name)
      const brotli = await file.brotli?.()
      if (brotli) expect(brotliDecompressSync(brotli).equals(bytes)).toBe(true)
      expect(etag).toMatch(/^"[\w-]{22}"$/)
      expect(type).toMatch(/^text\/(javascript|css|plain); charset=utf-8$/)
    }
    expect(await get('uv.js').brotli?.(), 'needs a compressed file').toBeDefined()
  })

  it('are the only files of the package that can be asked for', () => {
    for (const name of [
      'uv.html',
      '../package.json',
      'index.css',
      'index.js',
      'toString',
      '__proto__',
      '',
    ]) {
      expect(viewer.files.get(name)).toBeUndefined()
    }
    expect(text('LICENSE.txt')).toContain('Permission is hereby granted')
  })

  it('have the version of the installed package, and of what is made of it, in their address', () => {
    expect(viewer.version).toMatch(/^4\.\d+\.\d+-[\w-]{8}$/)
  })

  it('stop the start when the package is built in another way', async () => {
    await mkdir(join(dir, 'dist/esm'), { recursive: true })
    await writeFile(join(dir, 'package.json'), '{"version":"5.0.0"}')
    await writeFile(join(dir, 'dist/esm/index.js'), 'export const init = 1')
    await expect(viewerFiles({ packageDir: dir })).rejects.toThrow(/nothing imports/)
    await expect(viewerFiles({ packageDir: join(dir, 'no') })).rejects.toThrow(/ENOENT/)
  })
})
