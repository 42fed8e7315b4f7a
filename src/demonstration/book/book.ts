/** The demonstration book as a library would describe it. */
export const BOOK = {
  title: 'One Copy, One Reader',
  subtitle: 'A short guide to controlled digital lending',
  author: 'The Carrel project',
  publisher: 'Carrel',
  year: '2026',
} as const
