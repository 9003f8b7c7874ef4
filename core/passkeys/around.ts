import type { Config } from '../config/load.ts'
import type { Db } from '../database/database.ts'
import type { Challenges } from './challenges.ts'

/** What passkeys work with. */
export interface Around {
  db: Db
  config: Config
  challenges: Challenges
}
