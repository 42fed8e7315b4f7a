import type { EpochMs } from '../clock.ts'
import type { Barcode, PatronId } from '../ids.ts'
import { integer, real, sqliteTable, text } from './drizzle.ts'

/** The tables as the migrations make them; checks, indexes and triggers stand there. */

export const items = sqliteTable('items', {
  barcode: text().$type<Barcode>().primaryKey(),
  title: text().notNull(),
  author: text().notNull(),
  publisher: text().notNull().default(''),
  edition: text().notNull().default(''),
  year: text().notNull().default(''),
  isbnIssn: text('isbn_issn').notNull().default(''),
  itemId: text('item_id').notNull().default(''),
  itemPage: text('item_page').notNull().default(''),
  notes: text().notNull().default(''),
  copies: integer().notNull(),
  loanHours: real('loan_hours').notNull(),
  ready: integer({ mode: 'boolean' }).notNull().default(false),
  addedAt: integer('added_at').$type<EpochMs>().notNull(),
  removedAt: integer('removed_at').$type<EpochMs>(),
  number: integer(),
})

export const people = sqliteTable('people', {
  name: text().$type<PatronId>().primaryKey(),
  role: text({ enum: ['library'] }).notNull(),
})

export const loans = sqliteTable('loans', {
  id: integer().primaryKey({ autoIncrement: true }),
  barcode: text().$type<Barcode>().notNull(),
  patron: text().$type<PatronId>(),
  manifestVersion: text('manifest_version').notNull(),
  counted: integer({ mode: 'boolean' }).notNull(),
  startedAt: integer('started_at').$type<EpochMs>().notNull(),
  dueAt: integer('due_at').$type<EpochMs>().notNull(),
  endedAt: integer('ended_at').$type<EpochMs>(),
  endedBy: text('ended_by', { enum: ['reader', 'time', 'staff'] }),
  totalled: integer({ mode: 'boolean' }).notNull().default(false),
})

export const clock = sqliteTable('clock', {
  only: integer().primaryKey(),
  lastSeen: integer('last_seen').$type<EpochMs>().notNull(),
})

export const audit = sqliteTable('audit', {
  id: integer().primaryKey({ autoIncrement: true }),
  at: integer().$type<EpochMs>().notNull(),
  staff: text().notNull(),
  act: text().notNull(),
  barcode: text().$type<Barcode>().notNull(),
  detail: text().notNull().default(''),
})

export const outbox = sqliteTable('outbox', {
  loanId: integer('loan_id').primaryKey(),
  address: text().notNull(),
  tries: integer().notNull().default(0),
  nextTryAt: integer('next_try_at').$type<EpochMs>().notNull(),
})

export const barcodeChanges = sqliteTable('barcode_changes', {
  id: integer().primaryKey(),
  oldBarcode: text('old_barcode').$type<Barcode>().notNull(),
  newBarcode: text('new_barcode').$type<Barcode>().notNull(),
  moves: text({ mode: 'json' }).$type<[from: string, to: string][]>().notNull().default([]),
  done: integer({ mode: 'boolean' }).notNull().default(false),
})

export const totals = sqliteTable('totals', {
  period: text().notNull(),
  barcode: text().$type<Barcode | ''>().notNull(),
  loans: integer().notNull().default(0),
  endedByReader: integer('ended_by_reader').notNull().default(0),
  endedByTime: integer('ended_by_time').notNull().default(0),
  endedByStaff: integer('ended_by_staff').notNull().default(0),
  lengthMs: integer('length_ms').notNull().default(0),
  turnAways: integer('turn_aways').notNull().default(0),
})

export const lengths = sqliteTable('lengths', {
  barcode: text().$type<Barcode | ''>().notNull(),
  period: text().notNull(),
  minutes: integer().notNull(),
  loans: integer().notNull(),
})
