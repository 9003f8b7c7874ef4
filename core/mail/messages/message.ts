/** What a mail tells of. All of it may have been chosen by a stranger: render.ts escapes it, and no subject holds any. */
export interface Facts {
  /** The account's name; of an invitation there is none. */
  username: string
  /** Whom the mail goes to. */
  email: string
  /** Where the link leads; empty in a mail without one. */
  url: string
  /** When it happened, in words. */
  at: string
  /** Where a sign-in came from, and with what. */
  address: string
  agent: string
}

/** A mail in words. */
export interface Message {
  subject: string
  paragraphs: string[]
  /** What the link is called, if there is one. It stands behind the first paragraph. */
  link?: string
}
