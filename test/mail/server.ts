import { once } from 'node:events'
import { type AddressObject, type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'
import type { Test } from 'tap'

/** A mail as it arrived: for whom the envelope says, and what is in it. */
export interface Arrived {
  recipients: string[]
  mail: ParsedMail
  raw: string
}

/** What the server does with a mail: takes it, unless this throws or answers an error, which it says. */
export type Judge = (arrived: Arrived) => Error | undefined | Promise<Error | undefined>

/** A refusal as mail servers have it: 4xx is for now, 5xx for good. */
export const refusal = (responseCode: number) => Object.assign(new Error('Not today'), { responseCode })

async function read(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<Arrived> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  const raw = Buffer.concat(chunks)
  const recipients = session.envelope.rcptTo.map(({ address }) => address)
  return { recipients, mail: await simpleParser(raw), raw: raw.toString() }
}

/** A mail server of this test's own; it keeps what arrives. */
export async function mailServer(t: Test, judge: Judge = () => undefined) {
  const arrived: Arrived[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onData: (stream, session, done) => {
      void read(stream, session)
        .then(async (mail) => {
          const error = await judge(mail)
          if (!error) arrived.push(mail)
          return error
        })
        .then(done, done)
    }
  })
  server.on('error', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const address = server.server.address()
  if (typeof address !== 'object' || !address) throw new Error('no port')
  t.teardown(() => new Promise<void>((resolve) => server.close(resolve)))
  const env = {
    MAIL_URL: `smtp://127.0.0.1:${address.port}`,
    MAIL_FROM: 'Gatehouse <no-reply@example.com>',
    PUBLIC_URL: 'https://id.example.com'
  }
  return { arrived, env, server }
}

/** The token of the link in a mail, which is the same in both of its parts. */
export function tokenIn({ mail }: Arrived): string {
  const inText = /token=([\w-]{43})$/m.exec(mail.text ?? '')?.[1]
  const inHtml = /token=([\w-]{43})"/.exec(mail.html || '')?.[1]
  if (inText === undefined || inText !== inHtml) throw new Error(`no token in ${String(mail.text)}`)
  return inText
}

/** To whom a mail says that it is. */
export const addressedTo = ({ mail }: Arrived) =>
  [mail.to ?? []].flat().flatMap(({ value }: AddressObject) => value.map(({ address }) => address))
