import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { testFolder } from '../support/folder.ts'

const WEAKNESS = {
  id: 1,
  url: 'https://advisories.example/1',
  title: 'Example weakness',
  severity: 'high',
  vulnerable_versions: '<999',
  cwe: [],
  cvss: { score: 7, vectorString: null },
}

/** `npm run audit` against a registry that answers questions for advisories like this. */
async function audit(status: number, advisories: object) {
  const asked: string[] = []
  const registry = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const isAudit = request.method === 'POST'
    response.writeHead(isAudit ? status : 404, { 'content-type': 'application/json' })
    request.resume().on('end', () => response.end(JSON.stringify(isAudit ? advisories : {})))
  })
  registry.listen(0, '127.0.0.1')
  await once(registry, 'listening')
  onTestFinished(() => void registry.close())
  const env = {
    PATH: process.env.PATH,
    npm_config_registry: `http://127.0.0.1:${(registry.address() as AddressInfo).port}`,
    npm_config_cache: testFolder(),
  }
  const script = join(import.meta.dirname, '../../scripts/audit.ts')
  return new Promise<{ code: number; out: string; err: string; asked: string[] }>((resolve) => {
    execFile(process.execPath, [script], { env }, (fault, out, err) => {
      resolve({ code: fault === null ? 0 : Number(fault.code), out, err, asked })
    })
  })
}

it('audit: says so, and ends with 0, where the registry does not tell', async () => {
  const { code, out } = await audit(405, {})
  expect(code).toBe(0)
  expect(out).toMatch(/^Not audited: the registry did not tell \(405 Method Not Allowed/)
  expect(out).not.toContain('No weaknesses')
})

it('audit: says that nothing is known only where the registry said so', async () => {
  const { code, out, asked } = await audit(200, {})
  expect([code, out]).toEqual([0, 'No weaknesses are known.\n'])
  expect(asked).toContain('POST /-/npm/v1/security/advisories/bulk')
})

it('audit: names each weakness and ends with 1, but not those of what only tests use', async () => {
  const { code, err } = await audit(200, { eta: [WEAKNESS], vitest: [WEAKNESS] })
  expect(code).toBe(1)
  expect(err).toContain('eta (high): Example weakness, https://advisories.example/1')
  expect(err).not.toContain('vitest')
})
