/**
 * Remembers in this tab the page that was open, so that reloading goes on from there. What was
 * kept in an earlier loan, which was due at another time, is not used. A browser that keeps nothing
 * begins at the first page.
 *
 * @param {string} barcode
 */
export function rememberPage(barcode) {
  const key = `carrel-page-${barcode}`
  return {
    /** @param {string} dueAt - ISO instant @returns {number} from 1 */
    read(dueAt) {
      const kept = attempt(() => JSON.parse(sessionStorage.getItem(key) ?? '{}'))
      return kept?.dueAt === Date.parse(dueAt) ? kept.page : 1
    },
    /** @param {string} dueAt @param {number} page */
    keep(dueAt, page) {
      attempt(() => sessionStorage.setItem(key, JSON.stringify({ dueAt: Date.parse(dueAt), page })))
    },
    forget: () => attempt(() => sessionStorage.removeItem(key)),
  }
}

/** Storage throws where the reader has blocked it. */
function attempt(work) {
  try {
    return work()
  } catch {
    return undefined
  }
}
