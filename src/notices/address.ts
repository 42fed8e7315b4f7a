import type { PatronId } from '../ids.ts'

/** What a name or a domain in an address may hold here: nothing that mail reads as punctuation. */
const PART = /^[^\s@<>()[\]\\,;:"\p{Cc}]+$/u

/**
 * Where mail for a patron goes: to the sign-in name if it is an address, else to the name at the
 * library's domain.
 *
 * @param mailDomain the setting MAIL_DOMAIN
 * @returns undefined when there is no address to be had: then there is no mail
 */
export function addressOf(patron: PatronId, mailDomain: string | undefined): string | undefined {
  const parts = patron.includes('@') ? patron.split('@') : [patron, mailDomain ?? '']
  const [name, domain] = parts
  if (parts.length !== 2 || !name || !domain) return undefined
  return PART.test(name) && PART.test(domain) ? `${name}@${domain}` : undefined
}
