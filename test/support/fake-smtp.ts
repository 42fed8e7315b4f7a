import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { SMTPServer } from 'smtp-server'

/**
 * A mail server in a process of its own: `node fake-smtp.ts PORT FAULT`. It prints `ready`, then
 * each letter that it took as one line of JSON. Lines on standard input change the fault:
 *
 * `none`; `4xx`, `5xx`: after the letter; `bad-recipient`: at its address; `slow`: each greeting
 * takes 400 ms; `silent`: no greeting ever; `cut`: the line goes dead in the letter; `no-tls`.
 */
const [port, first = 'none'] = process.argv.slice(2)
let fault = first
process.stdin.on('data', (line) => {
  fault = line.toString().trim()
  process.stdout.write('ready\n')
})

const answer = (responseCode: number, words: string) =>
  Object.assign(new Error(words), { responseCode })

const server = new SMTPServer({
  authOptional: true,
  onAuth: ({ username, password }, _session, done) =>
    password === 'right' ? done(null, { user: username }) : done(answer(535, 'no')),
  hideSTARTTLS: fault === 'no-tls',
  async onConnect(_session, done) {
    if (fault === 'silent') return
    if (fault === 'slow') await pause(400)
    done()
  },
  onRcptTo({ address }, _session, done) {
    done(fault === 'bad-recipient' ? answer(550, `no ${address} here`) : undefined)
  },
  async onData(stream, { envelope, secure, user }, done) {
    const raw = await text(stream)
    if (fault === '4xx') return done(answer(451, 'later'))
    if (fault === '5xx') return done(answer(554, 'never'))
    if (fault === 'cut') process.exit(1)
    const to = envelope.rcptTo.map(({ address }) => address)
    process.stdout.write(`${JSON.stringify({ to, secure, user, raw })}\n`)
    done()
  },
})
server.on('error', () => undefined)
server.listen(Number(port), '127.0.0.1')
await once(server.server, 'listening')
process.stdout.write('ready\n')
