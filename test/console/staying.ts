import Sqlite from 'better-sqlite3'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { startServer } from '../process.ts'
import { until } from '../until.ts'
import { type Console, password } from './open.ts'

/** Fills in the dialog that makes an account. */
async function describe(page: Page, username: string) {
  await page.getByRole('button', { name: 'Create user' }).click()
  const dialog = page.getByRole('dialog', { name: 'Create a user' })
  await dialog.getByRole('textbox', { name: 'Username' }).fill(username)
  await dialog.getByLabel('Password', { exact: true }).fill('a walk in the early rain')
  return { dialog, send: () => dialog.getByRole('button', { name: 'Create user' }).click() }
}

/** Lets the sign-ins of browsers be long ago, past the API, and waits until every process knows. */
export async function grownOld(folder: string) {
  const database = new Sqlite(join(folder, 'data/gatehouse.db'))
  database
    .prepare(`update sessions set auth_time = '2026-01-31T09:30:00.000Z' where user_agent like '%Chrome%'`)
    .run()
  database.close()
  // The identity of a caller is kept for a second.
  await setTimeout(1_100)
}

/** What matters is asked for again by whoever sits here, and goes on with nothing lost. */
export async function steppingUp(t: Test, { server, admin, api }: Console) {
  const page = await admin('#/users', /status of 40[13]/)
  await grownOld(server.cwd)
  const { dialog, send } = await describe(page, 'dorothy')
  await dialog.getByLabel('Role').first().click()
  await page.getByRole('option', { name: 'admin' }).click()
  await send()
  const ask = page.getByRole('dialog', { name: 'Is it still you?' })
  await ask.getByLabel('Your password').fill('not the password')
  await ask.getByRole('button', { name: 'Go on' }).click()
  await ask.getByRole('alert').getByText('WRONG_PASSWORD').waitFor()
  await page.keyboard.press('Escape')
  await ask.waitFor({ state: 'detached' })
  await dialog.getByRole('alert').getByText('REAUTHENTICATION_NEEDED').waitFor()
  t.equal(await dialog.getByRole('textbox', { name: 'Username' }).inputValue(), 'dorothy', 'kept')
  t.match(await api('GET', '/users?q=dorothy'), { users: [] })
  await send()
  await ask.getByLabel('Your password').fill(password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'dorothy' }).waitFor()
  t.match(await api('GET', '/users?q=dorothy'), { users: [{ username: 'dorothy', role: 'admin' }] })
}

/** The server goes away under an open page and comes back: nothing that was typed is lost, and the page goes on. Of its processes those are seen that live. */
export async function restarted(t: Test, console: Console) {
  const { server, env, admin, api } = console
  const page = await admin('#/users', /ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/)
  const { dialog, send } = await describe(page, 'radia')
  await server.stop()
  await send()
  await dialog.getByRole('alert').getByText('The service does not answer').waitFor()
  await page.getByRole('status').getByText('The service does not answer').waitFor()
  t.equal(await dialog.getByRole('textbox', { name: 'Username' }).inputValue(), 'radia', 'kept')
  const { child } = await startServer(t, { env, cwd: server.cwd })
  await page.getByRole('status').getByText('The service does not answer').waitFor({ state: 'detached' })
  await send()
  await page.getByRole('heading', { name: 'radia' }).waitFor()
  t.match(await api('GET', '/users?q=radia'), { users: [{ username: 'radia' }] }, 'and once only')

  await page.getByRole('link', { name: 'System' }).click()
  const instances = page.getByRole('table', { name: 'Instances' })
  await instances.getByRole('row', { name: `${child.pid} answers` }).waitFor()
  t.equal(await instances.getByRole('row').count(), 2, 'the one that stopped has gone')
}

/** From the sign-in to the sign-out without a pointer. */
export async function byKeyboard(t: Test, { url, context, account }: Console) {
  const { username } = await account()
  const page = await (await context()).newPage()
  await page.goto(`${url}/console/`)
  const { keyboard } = page
  const focused = () =>
    page.evaluate<string>(
      '((it) => it.getAttribute("aria-label") ?? it.innerText ?? "")(document.activeElement)'
    )
  /** Goes on with Tab until what has the focus is called so. */
  const tabTo = async (name: string | RegExp) => {
    for (let step = 0; step < 60; step++) {
      await keyboard.press('Tab')
      const text = (await focused()).trim()
      if (typeof name === 'string' ? text === name : name.test(text)) return
    }
    throw new Error(`Tab does not lead to ${String(name)}`)
  }
  await page.getByLabel('Username or address').waitFor()
  // The field for the name has the focus.
  await keyboard.type('admin')
  await keyboard.press('Tab')
  await keyboard.type(password)
  await keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Overview' }).waitFor()

  await page.reload()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await tabTo('Users')
  await keyboard.press('Enter')
  await page.getByRole('table', { name: 'Users' }).waitFor()
  // The title of the new screen has the focus.
  await until(async () => (await focused()) === 'Users')
  await keyboard.press('/')
  await keyboard.type(username)
  await page.getByRole('row').nth(2).waitFor({ state: 'detached' })
  await tabTo(username)
  await keyboard.press('Enter')
  await page.getByRole('heading', { name: username }).waitFor()
  await tabTo('Disable')
  await keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: `Disable ${username}?` })
  await dialog.waitFor()
  // What does no harm has the focus, and it goes back to where it was.
  await until(async () => (await focused()) === 'Cancel')
  await keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await until(async () => (await focused()) === 'Disable')
  await keyboard.press('Enter')
  await dialog.waitFor()
  await tabTo('Disable')
  await keyboard.press('Enter')
  await page.getByText('Cannot sign in: the account is disabled').waitFor()

  await page.reload()
  await page.getByRole('heading', { name: username }).waitFor()
  await tabTo('Skip to content')
  await keyboard.press('Enter')
  t.equal(await page.evaluate('document.activeElement.id'), 'content')
  await page.evaluate('document.body.focus(); document.activeElement.blur()')
  await tabTo('Sign out')
  await keyboard.press('Enter')
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
}

/** Who is signed in is seen in one place, and a session is ended there. */
export async function everybodysSessions(t: Test, { admin, as, account, api }: Console) {
  const { id, username } = await account()
  await as(username, '', /status of 401/)
  const page = await admin('#/sessions')
  const row = page.getByRole('table', { name: 'Sessions' }).getByRole('row', { name: username })
  await row.getByRole('button', { name: 'End' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'End' }).click()
  await row.waitFor({ state: 'detached' })
  t.match(await api('GET', `/users/${id}/sessions`), { sessions: [] })
  await page.getByRole('row', { name: 'this one' }).getByRole('link', { name: 'admin' }).click()
  await page.getByRole('heading', { name: 'admin' }).waitFor()
}
