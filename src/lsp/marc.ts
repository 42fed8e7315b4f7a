import { MARCXML, type MarcField, type MarcRecord } from '@natlibfi/marc-record-serializers'
import { type Element, XMLSerializer } from '@xmldom/xmldom'

export type Marc = MarcRecord

/** Empty fields are common in real catalogues and hurt nobody. */
const TOLERANT = {
  fields: false,
  subfields: false,
  subfieldValues: false,
  controlFieldValues: false,
}

/**
 * @param element a `record` of MARCXML (https://www.loc.gov/standards/marcxml/), of any prefix
 * @returns undefined when it is none
 */
export async function marcOf(element: Element): Promise<Marc | undefined> {
  try {
    return await MARCXML.from(new XMLSerializer().serializeToString(element), TOLERANT)
  } catch {
    return undefined
  }
}

/** @returns all of them, or undefined when one of them is no record of MARCXML */
export async function marcsOf(elements: readonly Element[]): Promise<Marc[] | undefined> {
  const marcs = await Promise.all(elements.map(marcOf))
  return marcs.every((marc) => marc !== undefined) ? marcs : undefined
}

/** @param ind2 only fields with this second indicator */
export function fieldsOf({ fields }: Marc, tag: string, ind2?: string): MarcField[] {
  return fields.filter((field) => field.tag === tag && (ind2 === undefined || field.ind2 === ind2))
}

/** @returns the value of a control field, or '' */
export function controlOf(marc: Marc, tag: string): string {
  return fieldsOf(marc, tag)[0]?.value?.trim() ?? ''
}

/** @returns all values of one subfield in all fields of a tag, none of them empty */
export function valuesOf(marc: Marc, tag: string, code: string, ind2?: string): string[] {
  return fieldsOf(marc, tag, ind2).flatMap((field) => valuesIn(field, code))
}

/** @returns the values of one subfield of one field, none of them empty */
export function valuesIn({ subfields = [] }: MarcField, code: string): string[] {
  return subfields
    .filter((subfield) => subfield.code === code)
    .map(({ value = '' }) => value.trim())
    .filter(Boolean)
}
