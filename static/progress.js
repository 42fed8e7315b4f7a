/** Shows how far long work is, without reloading the page, until it is over. */
const EVERY_MS = 2_000

const part = () => document.querySelector('[data-progress]')
const isRunning = () => part().dataset.progress === 'running'

async function refresh() {
  const answer = await fetch(location.href).catch(() => undefined)
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    const fresh = page.querySelector('[data-progress]')
    if (fresh) show(fresh)
  }
  if (isRunning()) setTimeout(refresh, EVERY_MS)
}

function show(fresh) {
  // Whoever stands on something in it with the keyboard is not thrown off until the work is over.
  const isOver = fresh.dataset.progress !== 'running'
  if (!isOver && part().contains(document.activeElement)) return
  part().replaceWith(fresh)
  if (isOver) {
    document.querySelector('[data-announce]').textContent = part().querySelector('h1').textContent
  }
}

if (isRunning()) setTimeout(refresh, EVERY_MS)
