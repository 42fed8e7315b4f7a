import {
  argumentsOrExit,
  giveUp,
  misunderstood,
  openDbOrExit,
  settingsOrExit,
} from '../src/command.ts'
import { type PatronId, parsePatronId } from '../src/ids.ts'
import { peopleIn } from '../src/people/people.ts'

const HELP = `Who is on the staff.

  npm run people -- add NAME --role library     lets NAME use the staff's pages
  npm run people -- remove NAME                 makes NAME an ordinary patron
  npm run people -- list [--json]               prints the staff, one name a line

There is one role, library: add and remove change who has it. Everybody else who signs in is a
patron; patrons are listed nowhere. NAME is the sign-in name as the front server passes it on.

  --settings FILE   the settings file (default: settings.ini)
  --help            this text

Exit: 0 done, 1 refused, 2 not understood.`

console.log(main())

/** @returns what to print */
function main(): string {
  const { values, positionals } = argumentsOrExit(HELP, {
    text: ['role'],
    flags: ['json'],
    words: 2,
  })
  const [verb, name] = positionals
  const settings = settingsOrExit(values.settings)
  const people = () => peopleIn(openDbOrExit(settings))
  const person = (): PatronId => {
    const id = parsePatronId(name ?? '', settings.remoteUserCase)
    return id ?? misunderstood(name === undefined ? 'give a NAME' : `${name}: not a sign-in name`)
  }
  switch (verb) {
    case 'add': {
      if (values.role !== 'library') misunderstood('add takes --role library, the only role')
      const id = person()
      return `${id} ${people().addStaff(id) ? 'is on the staff now' : 'was on the staff already'}`
    }
    case 'remove': {
      const id = person()
      if (!people().removeStaff(id)) giveUp([`${id} is not on the staff`])
      return `${id} is not on the staff any more`
    }
    case 'list': {
      const staff = people().staff()
      return values.json ? JSON.stringify(staff) : staff.join('\n')
    }
    default:
      misunderstood(verb === undefined ? 'say add, remove or list' : `${verb}: no such verb`)
  }
}
