import { openBook } from './reader/book.js'
import { watchImages } from './reader/image-watch.js'
import { loanClock } from './reader/loan-clock.js'
import { watchLoan } from './reader/loan-watch.js'
import { turnPagesWithKeys } from './reader/page-keys.js'
import { rememberPage } from './reader/remember-page.js'

const reader = document.getElementById('reader')
const box = document.getElementById('uv')
const loan = reader.dataset
const part = (name) => reader.querySelector(`[data-${name}]`)

const isPreview = loan.status === undefined
const place = rememberPage(loan.barcode)
/** @type {Awaited<ReturnType<typeof openBook>> | undefined} */
let book
let page = 0
let leaving = false // the loan is over, or being returned

const clock = loanClock({
  onTick: showTimeLeft,
  onWarning: (words, urgent) => notify(`${words} until your loan ends.`, urgent),
  async onZero() {
    // The server's word counts; where it cannot be had, the clock's does.
    if ((await watch.check()) === 'no-answer') end('Your loan has ended', 'The time is up.')
  },
})

/** Staff who preview an item have no loan that could end. */
const unwatched = { check: async () => 'preview', suspect() {}, announceReturn() {}, stop() {} }

const watch = isPreview
  ? unwatched
  : watchLoan(
      { barcode: loan.barcode, statusUrl: loan.status },
      {
        onLoan(status) {
          clock.set(status.due_at, status.now)
          loan.dueAt = status.due_at
        },
        onOver: (explanation) => end('Your loan has ended', explanation),
        onSignedOut: () =>
          end('You have been signed out', 'Reload the page to sign in again.', { reload: true }),
        onConnection(lost) {
          part('connection').hidden = !lost
          say(lost ? 'Connection lost, trying again' : 'Connected again')
          if (!lost) book?.reloadTiles()
        },
      },
    )

const images = watchImages({
  onGone() {
    part('images').hidden = false
    say(part('images').textContent.trim())
  },
  onBack(url) {
    if (!part('images').hidden) say('The page images are back')
    part('images').hidden = true
    if (url.endsWith('/info.json')) reopen()
    else book?.reloadTiles()
  },
})

async function start() {
  if (isPreview) clock.stop()
  else clock.set(loan.dueAt, loan.now)
  watch.check()
  await open()
}

async function open() {
  const opened = await openBook(
    box,
    { viewer: loan.viewer, manifest: loan.manifest, page: page || place.read(loan.dueAt) },
    { onPage: showPage, onTrouble, onNoManifest, onFullScreen },
  )
  if (leaving) opened.close()
  else book = opened
}

/** The viewer asks for the description of a page once only: it must begin anew. */
function reopen() {
  book?.close()
  book = undefined
  open().catch(cannotBeShown)
}

function onTrouble(url) {
  watch.suspect()
  images.suspect(url)
}

function showPage(number, pages) {
  if (number === page) return
  page = number
  say(`Page ${number} of ${pages}`)
  place.keep(loan.dueAt, number)
}

async function onNoManifest() {
  const answer = await watch.check()
  if (answer === 'over' || answer === 'signed-out') return
  const text = isPreview ? '' : 'Your loan goes on.'
  end('This item cannot be shown just now', text, { reload: true })
}

function cannotBeShown(fault) {
  console.error(fault)
  end('This item cannot be shown just now', 'Your loan goes on.', { reload: true })
}

function onFullScreen(on) {
  if (on) reader.requestFullscreen().catch(console.error)
  else if (document.fullscreenElement) document.exitFullscreen()
}

/** Takes every page off the screen and says why. */
function end(title, text, { reload = false } = {}) {
  if (leaving) return
  leave()
  if (!reload) place.forget()
  if (document.fullscreenElement) document.exitFullscreen()
  part('ask')?.close()
  part('over-title').textContent = title
  part('over-text').textContent = text
  part('reload').hidden = !reload
  part('over').showModal()
}

function leave() {
  leaving = true
  clock.stop()
  watch.stop()
  images.stop()
  book?.close()
  book = undefined
  for (const name of ['time', 'connection', 'notice', 'images', 'return'])
    part(name)?.setAttribute('hidden', '')
}

async function sendReturn() {
  const button = part('return').querySelector('button')
  button.disabled = true
  button.textContent = 'Returning'
  leaving = true
  if (await returned(part('return').action)) {
    watch.announceReturn()
    place.forget()
    leave()
    location.assign(loan.thankYou)
    return
  }
  leaving = false
  button.disabled = false
  button.textContent = 'Return'
  await watch.check()
  if (!leaving) notify('The return did not go through. Try again.', true)
}

/** A return that went through leads to the thank-you page, and anything else elsewhere. */
async function returned(url) {
  try {
    const response = await fetch(url, { method: 'POST', body: new URLSearchParams() })
    return response.ok && response.url === new URL(loan.thankYou, location.href).href
  } catch {
    return false
  }
}

function showTimeLeft(words, urgent) {
  part('time').textContent = `${words} left`
  part('time').classList.toggle('urgent', urgent)
  part('time').hidden = false
}

function notify(words, urgent) {
  part('notice').hidden = false
  part('notice').classList.toggle('urgent', urgent)
  part('notice-text').textContent = words
  if (urgent) part('alert-line').textContent = words
  else say(words)
}

function say(words) {
  part('status-line').textContent = words
}

turnPagesWithKeys(() => book)
part('return')?.addEventListener('submit', (event) => {
  event.preventDefault()
  part('ask').returnValue = ''
  part('ask').showModal()
})
part('ask')?.addEventListener('close', () => part('ask').returnValue === 'return' && sendReturn())
part('over').addEventListener('cancel', (event) => event.preventDefault())
for (const button of reader.querySelectorAll('[data-dismiss]')) {
  button.addEventListener('click', () => {
    button.closest('.notice').hidden = true
  })
}
part('reload').addEventListener('click', (event) => {
  event.preventDefault()
  location.reload()
})
for (const type of ['contextmenu', 'dragstart']) {
  box.addEventListener(type, (event) => event.preventDefault())
}
// Taken from the browser's memory by its back button, the page may belong to an ended loan.
window.addEventListener('pageshow', (event) => event.persisted && location.reload())

start().catch(cannotBeShown)
