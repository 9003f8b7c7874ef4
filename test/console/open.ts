import type { BrowserContext, Page } from 'playwright-core'
import type { Test } from 'tap'
import { type Expected, openBrowser, watch } from '../browser.ts'
import { type Arrived, mailServer, refusal } from '../mail/server.ts'
import { freePort, startServer } from '../process.ts'
import { until } from '../until.ts'

export const password = 'plenty of lichen on granite'

const linkIn = ({ mail }: Arrived) => /^http\S+$/m.exec(mail.text ?? '')?.[0]

/** The console of one server in one browser, which all tests of it share. */
export async function openConsole(t: Test) {
  const port = await freePort()
  // A host with a name: there are no passkeys for an address.
  const url = `http://localhost:${port}`
  // An address that begins with `refused` is one that the mail server takes nothing for.
  const mails = await mailServer(t, ({ recipients: [to = ''] }) =>
    to.startsWith('refused') ? refusal(550) : undefined
  )
  const env = {
    ...mails.env,
    PORT: String(port),
    PUBLIC_URL: url,
    ADMIN_PASSWORD: password,
    BCRYPT_COST: '4',
    // A machine that is busy with other tests is not overloaded.
    MAX_EVENT_LOOP_DELAY: '0',
    RATE_LIMIT_SIGN_IN: '1000',
    RATE_LIMIT_DEFAULT: '100000'
  }
  const server = await startServer(t, { env })
  const browser = await openBrowser(t)

  const signIn = async (username: string) => {
    const response = await fetch(`${url}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password })
    })
    return ((await response.json()) as { access_token: string }).access_token
  }
  const token = await signIn('admin')

  /** Asks the API as the administrator does elsewhere; answers the body. */
  const api = async <T>(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {}
  ) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': 'application/json' }),
        ...headers
      },
      ...(body && { body: JSON.stringify(body) })
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  let accounts = 0
  /** A new account of this role. */
  const account = async (role = 'user', username = `person-${++accounts}`) => {
    const { id } = await api<{ id: number }>('POST', '/users', { username, password, role })
    return { id, username }
  }

  /** The link in the next mail to this address that has one, and that nobody has asked for yet. */
  const linkTo = async (address: string) => {
    const found = () => mails.arrived.find((mail) => mail.recipients[0] === address && linkIn(mail))
    await until(() => found() !== undefined)
    const [mail] = mails.arrived.splice(mails.arrived.indexOf(found() as Arrived), 1)
    return (mail && linkIn(mail)) ?? ''
  }

  const opened: { context: BrowserContext; faults: string[] }[] = []
  /** A browser without cookies; what goes wrong in it is a fault, but for the refusals that a test `expects`. */
  const context = async (expects: Expected = /^$/): Promise<BrowserContext> => {
    const made = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' })
    opened.push({ context: made, faults: watch(made, url, expects) })
    return made
  }

  /** A page of the console in a fresh browser, signed in as this account. */
  const as = async (username: string, address = '', expects?: Expected) => {
    const page = await (await context(expects)).newPage()
    await page.goto(`${url}/console/${address}`)
    await fillIn(page, username)
    await page.getByRole('button', { name: 'Sign out' }).first().waitFor()
    return page
  }

  let shared: Page | undefined
  let sharedExpects: Expected = /^$/
  /** The page of the administrator, signed in once for all tests; each begins at an address of its own. */
  const admin = async (address: string, expects: Expected = /^$/) => {
    sharedExpects = expects
    shared ??= await as('admin', address, { test: (text) => sharedExpects.test(text) })
    await shared.goto(`${url}/console/${address}`)
    return shared
  }

  /** Closes what a test has opened, but for what all share, and says what went wrong there. */
  const close = async (t: Test) => {
    for (const { context, faults } of opened) {
      const found = faults.splice(0)
      t.same(found, [], 'no error, nothing that the policy of the page refuses, no request to another host')
      if (context !== shared?.context()) await context.close()
    }
    opened.splice(0, opened.length, ...opened.filter(({ context }) => context === shared?.context()))
  }

  return { url, server, env, browser, api, account, context, as, admin, close, mails, linkTo }
}

export type Console = Awaited<ReturnType<typeof openConsole>>

/** Signs in on the page that asks for it. */
export async function fillIn(page: Page, username: string, secret = password) {
  await page.getByLabel('Username or address').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(secret)
  await page.getByRole('button', { name: 'Sign in' }).click()
}
