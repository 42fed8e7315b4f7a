import { makeSampleScans, type Places } from './scans.ts'

/**
 * A process of its own that makes the sample scans, and says how far it is. Its one argument is
 * the places, as JSON.
 */
const places: Places = JSON.parse(process.argv[2] ?? '')
const STEPS = { set: 'pages set in type', converted: 'pages converted' }

await makeSampleScans(places, Date, (step, done, pages) => {
  const line = `Making the demonstration book: ${done} of ${pages} ${STEPS[step]}`
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${line}${done === pages ? '\n' : ''}`)
  else if (done === pages) console.log(line)
})
