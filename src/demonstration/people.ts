import type { Role } from '../people/people.ts'

/** The sample people of the demonstration. They stand here only: nobody is added to the staff. */
export const SAMPLE_PEOPLE: readonly { readonly name: string; readonly role: Role }[] = [
  { name: 'ann', role: 'patron' },
  { name: 'bob', role: 'patron' },
  { name: 'lib', role: 'staff' },
]
