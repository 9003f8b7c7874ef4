import type { Redis } from 'ioredis'

/** What one instance tells the others. */
export interface Message {
  /** Answers that bear one of these tags are out of date; `*` is all. */
  purge?: readonly string[]
  /** Sessions, accounts or roles have changed: whoever was remembered is to be looked up again. */
  forget?: true
}

/** What is told after messages may have been lost: to this instance, and by it. */
export const everything: Message = { purge: ['*'], forget: true }

/** What several instances share. */
export interface Shared {
  client: Redis
  /** What every key and channel of ours begins with. */
  prefix: string
  /** Whether Redis answers and messages arrive. While not, every instance is on its own. */
  readonly up: boolean
  /** Tells the other instances; what is told while Redis is away is lost, and made up for by telling all when it is back. */
  tell(message: Message): void
  /** Hears the others, and that all is out of date when Redis is back. */
  hear(listener: (message: Message) => void): void
  /** Does what one instance has to do in Redis when it is back, before anybody hears of it. */
  onReturn(listener: () => void): void
}
