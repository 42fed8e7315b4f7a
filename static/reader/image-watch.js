/** After the first failure the others of the same moment are waited for. */
const ASK_AFTER_MS = 1_000
const RETRY_S = { least: 3, usual: 5, most: 60 }

/**
 * Finds out why an image did not load, and asks for it again until it can be had.
 *
 * @param {object} events
 * @param {() => void} events.onGone - the images cannot be reached
 * @param {(url: string) => void} events.onBack - this one, which failed before, can be had
 */
export function watchImages({ onGone, onBack }) {
  /** What failed once and was answered at the next try: a second time it is not the network. */
  const mended = new Set()
  let asked
  let gone = false
  let timer

  function suspect(url) {
    if (asked !== undefined || url === undefined || mended.has(url)) return
    asked = url
    timer = setTimeout(ask, ASK_AFTER_MS)
  }

  async function ask() {
    const answer = await tryToFetch(asked)
    if (asked === undefined) return
    if (answer.kind === 'gone') {
      if (!gone) onGone()
      gone = true
    }
    if (answer.kind === 'gone' || answer.kind === 'no-answer') {
      timer = setTimeout(ask, answer.retryS * 1000)
      return
    }
    const url = asked
    const isBack = gone || answer.kind === 'there'
    if (gone) mended.clear()
    else mended.add(url)
    stop()
    if (isBack) onBack(url)
  }

  function stop() {
    clearTimeout(timer)
    asked = undefined
    gone = false
  }

  return { suspect, stop }
}

/** That Carrel itself cannot be reached, or the loan is over, is noticed and said elsewhere. */
async function tryToFetch(url) {
  try {
    const { status, ok, headers } = await fetch(url, { cache: 'no-store', redirect: 'manual' })
    const wait = Number(headers.get('retry-after')) || RETRY_S.usual
    const retryS = Math.min(Math.max(wait, RETRY_S.least), RETRY_S.most)
    return status >= 500 ? { kind: 'gone', retryS } : { kind: ok ? 'there' : 'refused' }
  } catch {
    return { kind: 'no-answer', retryS: RETRY_S.usual }
  }
}
