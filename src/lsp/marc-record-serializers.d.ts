/** What Carrel uses of a package that brings no types. */
declare module '@natlibfi/marc-record-serializers' {
  interface MarcSubfield {
    readonly code: string
    readonly value?: string
  }

  interface MarcField {
    readonly tag: string
    /** Of control fields (001 to 009) only. */
    readonly value?: string
    /** Of the other fields only, as are the subfields. */
    readonly ind2?: string
    readonly subfields?: readonly MarcSubfield[]
  }

  interface MarcRecord {
    readonly fields: readonly MarcField[]
  }

  /** Rejects when the XML is not well-formed, no record, or not what the options ask for. */
  const MARCXML: {
    from(xml: string, options: Readonly<Record<string, boolean>>): Promise<MarcRecord>
  }
}
