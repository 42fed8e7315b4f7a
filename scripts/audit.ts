import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { z } from 'zod'
import { argumentsOrExit, giveUp } from '../src/command.ts'
import { counted } from '../src/web/words.ts'

const HELP = `Asks the package registry for known weaknesses of what Carrel runs on.

  npm run audit

Runs npm audit --omit=dev, and says what it found: nothing is left out and nothing taken for granted.
docs/security.md lists these packages, with what each may reach.

  --help   this text

Exit: 0 nothing is known, or the registry did not tell (and the output says so), 1 weaknesses,
2 not understood.`

/** Of what npm audit prints with --json: the report, or why there is none. */
const answered = z.object({
  metadata: z.object({ vulnerabilities: z.object({ total: z.number() }) }),
  vulnerabilities: z.record(
    z.string(),
    z.object({ severity: z.string(), via: z.array(z.unknown()) }),
  ),
})
const unanswered = z.object({ message: z.string() })
const advisory = z.object({ title: z.string(), url: z.string() })

await main()

async function main(): Promise<void> {
  argumentsOrExit(HELP, { words: 0 })
  const { out, err } = await npmAudit()
  const report = answered.safeParse(json(out))
  if (!report.success) {
    const { data } = unanswered.safeParse(json(out))
    const why = data?.message ?? err.trim().split('\n').at(-1) ?? 'npm said nothing'
    console.log(`Not audited: the registry did not tell (${why}).`)
    console.log('Whether weaknesses are known is not known here. Ask again where it answers.')
    return
  }
  const { metadata, vulnerabilities } = report.data
  if (metadata.vulnerabilities.total === 0) return console.log('No weaknesses are known.')
  const found = Object.entries(vulnerabilities)
  giveUp([
    `${counted(found.length, 'package')} with known weaknesses:`,
    ...found.map(([name, one]) => `${name} (${one.severity}): ${reasons(one.via)}`),
  ])
}

/** @param via advisories, or names of packages from which the weakness comes */
function reasons(via: readonly unknown[]): string {
  return via
    .map((one) => {
      const { data } = advisory.safeParse(one)
      return data ? `${data.title}, ${data.url}` : `through ${one}`
    })
    .join('; ')
}

function npmAudit(): Promise<{ out: string; err: string }> {
  const options = { cwd: join(import.meta.dirname, '..'), maxBuffer: 64 * 1024 * 1024 }
  return new Promise((resolve) => {
    execFile('npm', ['audit', '--omit=dev', '--json'], options, (fault, out, err) => {
      // It ends with 1 both when it found something and when it could not ask.
      if (fault !== null && typeof fault.code !== 'number') {
        giveUp([`npm cannot be run: ${fault.message}`])
      }
      resolve({ out, err })
    })
  })
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
