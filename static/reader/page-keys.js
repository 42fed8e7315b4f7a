/** @type {Record<string, 'next' | 'prev' | 'first' | 'last'>} */
const KEYS = {
  ArrowRight: 'next',
  PageDown: 'next',
  ArrowLeft: 'prev',
  PageUp: 'prev',
  Home: 'first',
  End: 'last',
}

/**
 * Turns pages with the keys, wherever the focus is: but not while something is typed, nor in a
 * dialog, nor when the arrows move a page that is larger than the window.
 *
 * @param {() => { turn(where: string): void, isZoomed(): boolean } | undefined} book - if open
 */
export function turnPagesWithKeys(book) {
  // Heard on the way down, before the viewer: its own keys run past the first and last page.
  document.addEventListener('keydown', onKey, { capture: true })

  function onKey(event) {
    const where = KEYS[event.key]
    const modified = event.ctrlKey || event.altKey || event.metaKey || event.shiftKey
    if (!where || modified || event.target.closest('input, textarea, select, dialog')) return
    const moves = event.key.startsWith('Arrow') && event.target.closest('.openseadragon-canvas')
    if (moves && book()?.isZoomed()) return
    event.preventDefault()
    event.stopPropagation()
    book()?.turn(where)
  }
}
