/**
 * The list of items: finds while somebody types, keeps the states true while work goes on, copies
 * links. All words come from the server: parts of the page are fetched anew and put in place.
 */
const WAIT_FOR_TYPING_MS = 250
const POLL_BUSY_MS = 2_000
const POLL_MS = 15_000

const search = document.querySelector('search form')
const words = search.querySelector('[name=q]')
let typing
let asking = new AbortController()
let polling

/** A scanner that types the next barcode replaces the last one. */
words.addEventListener('focus', () => words.select())
if (document.activeElement === words) words.select()

search.addEventListener('input', () => {
  clearTimeout(typing)
  typing = setTimeout(find, WAIT_FOR_TYPING_MS)
})

async function find() {
  asking.abort()
  asking = new AbortController()
  const address = `/list?${new URLSearchParams(new FormData(search))}`
  const page = await fetchPage(address, asking.signal)
  const results = page?.querySelector('[data-results]')
  if (!results) return
  document.querySelector('[data-results]').replaceWith(results)
  history.replaceState(null, '', address)
  announce(results.querySelector('[data-total]').textContent)
  showCopyButtons()
  pollAgain()
}

async function fetchPage(address, signal) {
  try {
    const response = await fetch(address, { cache: 'no-store', signal })
    if (!response.ok) return undefined
    return new DOMParser().parseFromString(await response.text(), 'text/html')
  } catch {
    return undefined // another question came, or no answer: there will be a next time
  }
}

async function refresh() {
  clearTimeout(polling)
  if (document.hidden) return // asked again as soon as somebody looks
  const page = await fetchPage(location.href)
  if (page) {
    const changes = [...document.querySelectorAll('[data-item]')].map((row) => update(row, page))
    const news = changes.filter((change) => change !== '')
    if (news.length > 0) announce(news.join('. '))
  }
  pollAgain()
}

/** @returns what has become of the item, when that is another state */
function update(row, page) {
  const fresh = page.getElementById(row.id)
  if (!fresh) return ''
  const before = stateOf(row)
  for (const cell of row.querySelectorAll('[data-live]')) {
    const now = fresh.querySelector(`[data-live="${cell.dataset.live}"]`)
    // Nobody is to lose the button under the finger.
    if (cell.innerHTML !== now.innerHTML && !cell.contains(document.activeElement))
      cell.replaceWith(now)
  }
  return stateOf(row) === before ? '' : `${row.dataset.item}: ${stateOf(row)}`
}

const stateOf = (row) => row.querySelector('[data-state]').textContent

function pollAgain() {
  clearTimeout(polling)
  const isBusy = document.querySelector('[data-busy]') !== null
  polling = setTimeout(refresh, isBusy ? POLL_BUSY_MS : POLL_MS)
}

function announce(text) {
  document.querySelector('[data-announce]').textContent = text
}

/** Browsers copy on pages that came encrypted, or from this machine, only. */
function showCopyButtons() {
  if (!navigator.clipboard) return
  for (const button of document.querySelectorAll('[data-copy]')) button.hidden = false
}

document.addEventListener('click', async ({ target }) => {
  const button = target.closest?.('[data-copy]')
  if (!button) return
  const link = new URL(button.dataset.copy, location.href).href
  const copied = await navigator.clipboard.writeText(link).then(
    () => true,
    () => false,
  )
  announce(copied ? 'Link copied' : `The link could not be copied: ${link}`)
  if (!copied) return
  button.textContent = 'Copied'
  setTimeout(() => {
    button.textContent = 'Copy link'
  }, 2_000)
})

document.addEventListener('visibilitychange', refresh)
window.addEventListener('pageshow', (event) => event.persisted && refresh())
showCopyButtons()
pollAgain()
