import { expect } from 'vitest'
import type { Site } from './site.ts'

/** One address for every route of the site, with item A in it; and the methods that it has. */
export function addressesOf(site: Pick<Site, 'routes'>): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { method, path } of site.routes) {
    if (method === 'ALL') continue
    const address = path
      .replace(/:file\{[^}]*svg\}/, 'loans.svg')
      .replace(/:file\{[^}]*jpg\}/, 'A.jpg')
      .replace(':id{[0-9]+}', '1')
      .replace(':format/:what', 'csv/item')
      .replace(':number/*', '1/info.json')
      .replace('/static/*', '/static/carrel.css')
      .replace(/\/\*$/, '/uv.js')
      .replace(/:\w+/g, 'A')
    expect(address, path).toMatch(/^[\w/.-]*$/)
    found.set(address, [...(found.get(address) ?? []), method])
  }
  expect(found.size).toBeGreaterThan(35)
  return found
}
