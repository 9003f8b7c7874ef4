import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { firstPasswordFile } from '../accounts/first-password.ts'
import type { Config } from '../config/load.ts'
import { openToAll } from '../database/file.ts'
import { databaseFiles } from '../database/open.ts'
import { folderBeside } from '../vault/kept-secret.ts'

/** The files in a folder whose names end so; none where there is no such folder. */
function filesIn(folder: string, ending: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(ending))
      .map((name) => join(folder, name))
  } catch {
    return []
  }
}

/** Looks for files with accounts or keys in them that others may read. @throws with what to do then */
export async function checkFiles(config: Config): Promise<string> {
  const beside = folderBeside(config.DATABASE_URL) ?? '.'
  const secrets = [
    ...filesIn(config.JWT_KEYS, '.pem'),
    ...['jwt.secret', 'data.key'].map((name) => join(beside, name)),
    firstPasswordFile(config)
  ]
  const open = openToAll([...databaseFiles(config.DATABASE_URL), ...secrets])
  if (open.length > 0)
    throw new Error(`everybody on this machine may read ${open.join(', ')}: chmod 600 ${open.join(' ')}`)
  return 'nobody but their owner, or the group that he gave them to, may read them'
}
