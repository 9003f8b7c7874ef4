import type { Redis } from 'ioredis'
import type { Message } from '../changes/message.ts'
import type { RedisFault } from './faults.ts'

/** Redis, as several instances share it. */
export interface SharedRedis {
  client: Redis
  /** What every key of ours begins with. */
  prefix: string
  /** The key whose value is another one whenever purges or messages may have been lost: what was kept under the one before is outdated. */
  epoch: string
  /** Whether all works that this service does in Redis. While not, every instance is on its own. */
  readonly up: boolean
  /** Why it is away; undefined while it is up. */
  readonly fault: RedisFault | undefined
  /** Tells the other instances; what cannot be told is made up for by telling all when Redis can be used again. */
  tell(message: Message): void
  /** Hears the others, and that all is out of date when Redis can be used again. */
  hear(listener: (message: Message) => void): void
  /** Takes note of the error of a command: what Redis has refused once it is not asked again until a trial succeeds. */
  failed(error: unknown): void
  /** Takes note that a purge has failed, and tells the others, as far as they can be told: nothing that is kept counts any more. */
  purgeFailed(error: unknown): void
}
