/**
 * Keeps the state of an item true without reloading its page. All words come from the server:
 * when the status changes, the part marked `data-live` is fetched anew and put in place.
 */
const POLL_MS = 15_000

let timer

async function refresh() {
  clearTimeout(timer)
  if (document.hidden) return // asked again as soon as somebody looks
  const status = await readStatus().catch(() => undefined)
  if (status && status.explanation !== shown()) {
    announce(status.explanation)
    await replaceLive()
  }
  clearTimeout(timer)
  timer = setTimeout(refresh, waitAfter(status))
}

/** What the page says now, whichever answer of the server it was made from. */
const shown = () => live().querySelector('[data-explanation]').textContent
const live = () => document.querySelector('[data-live]')

/** Somebody about to borrow is not to lose the button under the finger. */
function isAsking(part) {
  return part.querySelector('details[open]') !== null
}

function announce(words) {
  const line = document.querySelector('[data-announce]')
  if (line.textContent !== words) line.textContent = words
}

async function readStatus() {
  const url = document.querySelector('[data-item-status]').dataset.itemStatus
  const response = await fetch(url, { cache: 'no-store' })
  return response.ok ? response.json() : undefined
}

async function replaceLive() {
  if (isAsking(live())) return
  const response = await fetch(location.href, { cache: 'no-store' }).catch(() => undefined)
  if (!response?.ok) return
  const page = new DOMParser().parseFromString(await response.text(), 'text/html')
  const fresh = page.querySelector('[data-live]')
  if (!fresh || isAsking(live())) return
  const hadFocus = live().contains(document.activeElement)
  live().replaceWith(fresh)
  if (hadFocus) (fresh.querySelector('summary, a, button') ?? fresh).focus()
}

/** Until the next question: the moment of the next known change, if that comes first. */
function waitAfter(status) {
  const left = status?.when_available
    ? Date.parse(status.when_available) - Date.parse(status.now)
    : 0
  return left > 0 ? Math.min(left + 200, POLL_MS) : POLL_MS
}

document.addEventListener('visibilitychange', refresh)
window.addEventListener('pageshow', (event) => event.persisted && refresh())
refresh()
