import { parseArgs } from 'node:util'
import { killing } from './kill.ts'
import { readers } from './readers.ts'

const HELP = `What takes too long for npm test.

  npm run soak -- kill [--rounds 200] [--writers 4]       kill -9 while processes borrow and return
  npm run soak -- readers [--readers 200] [--minutes 10]  many readers of one server

Exit: 0 all as it should be, 1 not, 2 not understood.`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '200' },
    writers: { type: 'string', default: '4' },
    readers: { type: 'string', default: '200' },
    minutes: { type: 'string', default: '10' },
    help: { type: 'boolean' },
  },
})

process.exitCode = await main()

async function main(): Promise<number> {
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const number = (name: 'rounds' | 'writers' | 'readers' | 'minutes') => {
    const value = Number(values[name])
    if (value > 0) return value
    console.error(`--${name} must be a number above 0`)
    process.exit(2)
  }
  switch (positionals[0]) {
    case 'kill':
      return killing({ rounds: number('rounds'), writers: number('writers') })
    case 'readers':
      return readers({ count: number('readers'), minutes: number('minutes') })
    default:
      console.error(HELP)
      return 2
  }
}
