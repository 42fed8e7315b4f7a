import { HOUR } from '../clock.ts'
import { type Barcode, parseBarcode } from '../ids.ts'
import type { Answers } from './answers.ts'
import type { Visitor, WebContext, WebDeps } from './context.ts'
import { VIEWER_POLICY } from './headers.ts'
import { type Entrance, iiifRoutes } from './iiif.ts'
import type { Refused } from './refusals.ts'
import type { Router } from './routes.ts'
import { manifestFault } from './words.ts'

/** Who looked at what, and when it was last recorded, is remembered for so many. */
const MOST_REMEMBERED = 10_000

const TO_LIST = { href: '/list', text: 'Go to the list of items' }

/**
 * The only way to an item's pages but a loan: for staff, who must see what they are about to lend.
 * It reads the manifest as it is now, counts nowhere, and is recorded once an hour for each of the
 * staff and each item, by whichever address they came.
 */
export function previewRoutes(router: Router, deps: WebDeps, answers: Answers): void {
  const { audit, clock, log, patronHash, items, manifests, people } = deps
  const recorded = new Map<string, number>()

  function record(barcode: Barcode, { patron }: Visitor): void {
    const now = clock.now()
    const key = `${patron} ${barcode}`
    const last = recorded.get(key)
    if (last !== undefined && now - last < HOUR) return
    if (recorded.size >= MOST_REMEMBERED) recorded.clear()
    recorded.set(key, now)
    const isNew = audit.together(() => {
      // Another process may have been there first.
      if (audit.hasDone(patron, 'preview', barcode, now - HOUR)) return false
      audit.record({ at: now, staff: patron, act: 'preview', barcode })
      return true
    })
    if (isNew) log.info({ item: barcode, patron: patronHash(patron) }, 'preview')
  }

  /** What staff may see of the item now; whoever is not on the staff gets nothing. */
  async function enter(c: WebContext): Promise<{ barcode: Barcode; version: string } | Refused> {
    const visitor = c.get('visitor')
    if (visitor === undefined) return { kind: 'not-signed-in' }
    if (visitor.role !== 'staff') return { kind: 'not-staff' }
    const barcode = parseBarcode(c.req.param('barcode') ?? '')
    if (barcode === undefined || items.find(barcode) === undefined) return { kind: 'unknown-item' }
    const manifest = await manifests.current(barcode)
    if (manifest.kind !== 'valid')
      return { kind: 'nothing-to-preview', why: manifestFault(manifest) }
    record(barcode, visitor)
    return { barcode, version: manifest.version }
  }

  const entrance: Entrance = {
    under: '/preview',
    enter,
    stillOpen(c) {
      const visitor = c.get('visitor')
      const isStaff = visitor !== undefined && people.role(visitor.patron) === 'staff'
      // The manifest may be replaced at any time, and its images are numbered anew then.
      return isStaff ? 'private, no-cache' : undefined
    },
    shut: { kind: 'not-staff' },
  }
  iiifRoutes(router, deps, answers, entrance)

  router.route('/preview/:barcode', {
    GET: router.staffOnly(async (c) => {
      const entered = await enter(c)
      if ('kind' in entered) return answers.refuse(c, entered, TO_LIST)
      const { barcode } = entered
      c.header('Content-Security-Policy', VIEWER_POLICY)
      return answers.page(c, 'view', {
        title: items.find(barcode)?.title ?? barcode,
        barcode,
        manifestUrl: `${c.get('origin')}/preview/manifests/${barcode}`,
        itemUrl: `/item/${barcode}`,
        viewer: deps.viewer,
        loan: undefined,
      })
    }),
  })
}
