import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/**
 * What axe finds wrong with a page as it is now: its address, the rule and where.
 *
 * The legacy mode does not look into frames, and takes half the time; only the viewer has some.
 */
export async function violations(page: Page): Promise<string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode(page.frames().length === 1)
  const { violations: found, passes } = await axe.analyze()
  expect(passes.length, 'axe looked at something').toBeGreaterThan(5)
  return found.map(
    ({ id, nodes }) => `${page.url()} ${id}: ${nodes.map(({ target }) => target).join(' ')}`,
  )
}
