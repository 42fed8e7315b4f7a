/** Codes of SQLite and of the file system for what passes or the operator must mend. */
const TROUBLE = /^(SQLITE_(BUSY|FULL|READONLY|IOERR|CANTOPEN)|ENOSPC|EROFS|EDQUOT)/

/**
 * Did this fail because nothing can be written just now (another writer, a full disk, a read-only
 * file), and not because the program is wrong?
 *
 * @param fault looked at with all its causes
 * @returns the code, or undefined
 */
export function databaseTrouble(fault: unknown): string | undefined {
  for (let cause = fault; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && TROUBLE.test(String(cause.code))) return String(cause.code)
  }
  return undefined
}
