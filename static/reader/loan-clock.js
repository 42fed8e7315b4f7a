/** Minutes before the end at which the reader is told, and how urgently. */
const WARNINGS = [
  { minutes: 5, urgent: true },
  { minutes: 15, urgent: false },
]
const MINUTE = 60_000

/**
 * Counts a loan down by the server's clock, whatever this computer's clock says.
 *
 * @param {object} events
 * @param {(words: string, urgent: boolean) => void} events.onTick - the time left, every second
 * @param {(words: string, urgent: boolean) => void} events.onWarning - once for each warning
 * @param {() => void} events.onZero - every second from the end on, until `stop`
 */
export function loanClock({ onTick, onWarning, onZero }) {
  let offset = 0
  let dueAt = Number.POSITIVE_INFINITY
  let warned = Number.POSITIVE_INFINITY
  const timer = setInterval(tick, 1000)

  function tick() {
    const left = dueAt - (Date.now() + offset)
    const due = WARNINGS.find(({ minutes }) => left <= minutes * MINUTE)
    onTick(timeLeft(left), due?.urgent === true)
    if (left <= 0) return onZero()
    if (due && due.minutes < warned) onWarning(`${timeLeft(left, true)} left`, due.urgent)
    warned = due?.minutes ?? Number.POSITIVE_INFINITY
  }

  return {
    /** @param {string} due @param {string} now - ISO instants, as the server said them just now */
    set(due, now) {
      offset = Date.parse(now) - Date.now()
      dueAt = Date.parse(due)
      tick()
    },
    stop: () => clearInterval(timer),
  }
}

/**
 * "2 h 05 min", "14 min", and in the last minute "40 s"; spelt out, "14 minutes". Minutes are
 * rounded up, so that a loan of two hours begins with "2 h 00 min".
 * @param {number} ms @param {boolean} [spelt]
 */
export function timeLeft(ms, spelt = false) {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const minutes = Math.ceil(seconds / 60)
  if (seconds <= 60) return spelt ? count(seconds, 'second') : `${seconds} s`
  if (minutes < 60) return spelt ? count(minutes, 'minute') : `${minutes} min`
  const hours = Math.floor(minutes / 60)
  const rest = String(minutes % 60).padStart(2, '0')
  return hours < 48 ? `${hours} h ${rest} min` : `${Math.floor(hours / 24)} days`
}

function count(n, unit) {
  return `${n} ${unit}${n === 1 ? '' : 's'}`
}
