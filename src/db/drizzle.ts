import { createRequire } from 'node:module'

/**
 * What Carrel uses of drizzle-orm, taken from its CommonJS files. At each import of an ES module whose
 * name ends in `.js`, Node 24 parses the whole package.json of its package, and drizzle-orm's has
 * 179 KB: its 111 modules took 0.4 s of each start. These take 0.05 s.
 */
const require = createRequire(import.meta.url)

const orm = require('drizzle-orm') as typeof import('drizzle-orm')
const core = require('drizzle-orm/sqlite-core') as typeof import('drizzle-orm/sqlite-core')
const sqlite = require('drizzle-orm/better-sqlite3') as typeof import('drizzle-orm/better-sqlite3')

export const { and, asc, count, desc, eq, gt, inArray, isNotNull, isNull, lt, lte, or, sql } = orm
export const { integer, real, sqliteTable, text } = core
export const { drizzle } = sqlite
