/** Runs in a thread of its own: see workshop.ts. */

import { type ManifestTask, readFacts, rewriteBytes } from './work.ts'

export default async function run(task: ManifestTask): Promise<unknown> {
  return task.step === 'read' ? readFacts(task.bytes, task.rules) : rewriteBytes(task)
}
