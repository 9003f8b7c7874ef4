import type { FastifyRequest } from 'fastify'
import { type SettingName, settingNames, type SettingValues } from '../../schemas/settings.ts'
import { holdCaller } from '../access/caller.ts'
import { recordAudit } from '../audit/record.ts'
import { touch } from '../changes/touched.ts'
import type { Config } from '../config/load.ts'
import type { Db } from '../database/database.ts'
import { decideAlone } from '../database/locks.ts'
import { write } from '../database/transaction.ts'
import { requireMatch } from '../http/preconditions.ts'
import { originOf } from '../network/origin.ts'
import { blocks } from './networks.ts'
import { BlocksYourself, SettingFixed } from './problems.ts'
import { fixedBy, readValue, settingOf, type StoredSetting } from './values.ts'

/** Everything that was ever changed: a row for each setting at most. */
export const readSettings = (db: Db): Promise<StoredSetting[]> =>
  db.selectFrom('settings').selectAll().limit(settingNames.length).execute()

const findRow = (db: Db, name: SettingName) =>
  db.selectFrom('settings').selectAll().where('name', '=', name).executeTakeFirst()

/** The entity tag of a setting's state. */
const tagOf = (row: StoredSetting | undefined) => `"${row?.version ?? 0}"`

/** Every setting as it is in force, by name. */
export async function listSettings(db: Db, config: Config) {
  const rows = await readSettings(db)
  return settingNames.map((name) =>
    settingOf(
      config,
      name,
      rows.find((row) => row.name === name)
    )
  )
}

/** A setting as it is in force, and its entity tag. */
export async function getSetting(db: Db, config: Config, name: SettingName) {
  const row = await findRow(db, name)
  return { setting: settingOf(config, name, row), etag: tagOf(row) }
}

/** Longest text of a change in an audit entry. */
const mostText = 4_000

/** A value as the audit log shows it. */
const inWords = (value: unknown) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > mostText ? `${text.slice(0, mostText - 1)}…` : text
}

/** Of a list what was added and taken away, of all else the value. */
function changesOf(before: SettingValues[SettingName], after: SettingValues[SettingName] | null) {
  if (!Array.isArray(before)) return { value: inWords(after) }
  const now = Array.isArray(after) ? after : []
  const missing = (from: string[], others: string[]) =>
    inWords(from.filter((entry) => !others.includes(entry)).join(' '))
  return { added: missing(now, before), removed: missing(before, now) }
}

/**
 * Changes a setting as a request wants it, null for its default; answers it as it is in force, and its entity tag.
 * @throws ValidationFailed, SettingFixed, BlocksYourself, PreconditionRequired, PreconditionFailed
 */
export async function changeSetting(
  db: Db,
  config: Config,
  request: FastifyRequest,
  name: SettingName,
  wanted: unknown
) {
  const variable = fixedBy(config, name)
  if (variable !== undefined) throw new SettingFixed(variable)
  const value = wanted === null ? null : readValue(name, wanted)
  const { address } = originOf(request)
  if (Array.isArray(value) && blocks(value)?.(address)) throw new BlocksYourself(address)
  return write(db, async (tx) => {
    await holdCaller(tx, request)
    await decideAlone(tx, `the setting ${name}`)
    const before = await findRow(tx, name)
    requireMatch(request, tagOf(before))
    const row = {
      name,
      value: value === null ? null : JSON.stringify(value),
      version: (before?.version ?? 0) + 1,
      updated_at: new Date().toISOString()
    }
    await tx
      .insertInto('settings')
      .values(row)
      .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
      .execute()
    touch(tx, 'settings', name)
    const changes = changesOf(settingOf(config, name, before).value, value)
    await recordAudit(tx, request, { action: 'setting.update', target: `setting:${name}`, changes })
    return { setting: settingOf(config, name, row), etag: tagOf(row) }
  })
}
