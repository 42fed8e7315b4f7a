const POLL_MS = 30_000
const RETRY_MS = 5_000
/** After a return in another tab the server may need a moment until it says so. */
const AFTER_RETURN_MS = [0, 500, 1500, 4000]
/** Many tiles fail together: they make one question, this long after the last one. */
const SUSPECT_MS = 3_000
const GIVE_UP_MS = 6_000

/**
 * Keeps asking the server whether the loan still runs, and hears of a return in another tab.
 *
 * @param {{ barcode: string, statusUrl: string }} loan
 * @param {object} events
 * @param {(status: { due_at: string, now: string }) => void} events.onLoan - it still runs
 * @param {(explanation: string) => void} events.onOver - it does not: the state of the item now
 * @param {() => void} events.onSignedOut
 * @param {(lost: boolean) => void} events.onConnection - no answer; or an answer again
 */
export function watchLoan({ barcode, statusUrl }, events) {
  const tabs = new BroadcastChannel('carrel-returns')
  let asking
  let askedAt = 0
  let lost = false
  let timer
  let stopped = false

  /** Asks once, however many want to know at the same time; resolves to the kind of answer. */
  function check() {
    askedAt = Date.now()
    asking ??= ask().finally(() => {
      asking = undefined
      checkIn(lost ? RETRY_MS : POLL_MS)
    })
    return asking
  }

  function checkIn(ms) {
    clearTimeout(timer)
    if (!stopped) timer = setTimeout(check, ms)
  }

  async function ask() {
    const answer = await fetchStatus(statusUrl)
    if (stopped) return answer.kind
    if (lost !== (answer.kind === 'no-answer')) {
      lost = !lost
      events.onConnection(lost)
    }
    if (answer.kind === 'on-loan') events.onLoan(answer.status)
    if (answer.kind === 'over') events.onOver(answer.explanation)
    if (answer.kind === 'signed-out') events.onSignedOut()
    return answer.kind
  }

  const whenVisible = () => document.visibilityState === 'visible' && check()
  tabs.onmessage = ({ data }) => {
    if (data === barcode) for (const ms of AFTER_RETURN_MS) setTimeout(check, ms)
  }
  document.addEventListener('visibilitychange', whenVisible)
  window.addEventListener('online', check)

  return {
    check,
    /** Something did not load: has the loan ended? */
    suspect: () => checkIn(Math.max(0, askedAt + SUSPECT_MS - Date.now())),
    /** Tells the other tabs that this one has returned the item. */
    announceReturn: () => tabs.postMessage(barcode),
    stop() {
      stopped = true
      clearTimeout(timer)
      tabs.close()
      document.removeEventListener('visibilitychange', whenVisible)
      window.removeEventListener('online', check)
    },
  }
}

/** A redirect can only come from the sign-in in front of Carrel. */
async function fetchStatus(url) {
  try {
    const signal = AbortSignal.timeout(GIVE_UP_MS)
    const response = await fetch(url, { cache: 'no-store', redirect: 'manual', signal })
    const redirected = response.type === 'opaqueredirect'
    if (redirected || response.status === 401 || response.status === 403) {
      return { kind: 'signed-out' }
    }
    if (response.status === 404) return { kind: 'over', explanation: '' }
    if (!response.ok) return { kind: 'no-answer' }
    const status = await response.json()
    if (status.loaned_by_user && status.due_at) return { kind: 'on-loan', status }
    return { kind: 'over', explanation: status.explanation }
  } catch {
    return { kind: 'no-answer' }
  }
}
