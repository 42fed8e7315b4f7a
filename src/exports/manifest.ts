import { z } from 'zod'

/** The file of an export that says what is in the others. */
export const MANIFEST = 'manifest.json'

const manifest = z.object({
  format: z.literal('carrel-export-1'),
  /** The number of the newest migration. */
  schema: z.int(),
  madeAt: z.iso.datetime(),
  withPatrons: z.boolean(),
  tables: z.array(z.object({ name: z.string(), rows: z.int(), sha256: z.string() })),
})

export type ExportManifest = z.infer<typeof manifest>

/** @throws when the text is not the manifest of an export */
export function parseManifest(text: string): ExportManifest {
  return manifest.parse(JSON.parse(text))
}

export function partName(table: string): string {
  return `tables/${table}.jsonl`
}
