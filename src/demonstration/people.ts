import type { People, Role } from '../people/people.ts'

/** The sample people of the demonstration. They stand here only: nobody is added to the staff. */
export const SAMPLE_PEOPLE: readonly { readonly name: string; readonly role: Role }[] = [
  { name: 'ann', role: 'patron' },
  { name: 'bob', role: 'patron' },
  { name: 'lib', role: 'staff' },
]

/** Who may do what in the demonstration, in place of the table of people. */
export const samplePeople: Pick<People, 'role'> = {
  role: (name) => SAMPLE_PEOPLE.find((person) => person.name === name)?.role ?? 'patron',
}
