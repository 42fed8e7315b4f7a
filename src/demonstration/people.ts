/** The sample people of the demonstration, one of whom is on the staff. */
export const SAMPLE_STAFF = 'lib'

export const SAMPLE_PEOPLE = [
  { name: 'ann', role: 'patron' },
  { name: 'bob', role: 'patron' },
  { name: SAMPLE_STAFF, role: 'staff' },
] as const
