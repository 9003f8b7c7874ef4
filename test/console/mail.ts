import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { picture } from '../browser.ts'
import { until } from '../until.ts'
import { findings } from './looks.ts'
import { type Console, fillIn, password } from './open.ts'

const own = 'a walk in the early rain'
const another = 'three boats on a still lake'

/** The token of a link. */
const tokenOf = (link: string) => /token=([\w-]{43})$/.exec(link)?.[1] ?? 'no token'

/** Opens the link of a mail, and finds its token nowhere but in the memory of the page. */
async function openLink(t: Test, page: Page, link: string) {
  const requested: string[] = []
  const note = (request: { url: () => string }) => requested.push(request.url())
  page.on('request', note)
  await page.goto(link)
  const heading = page.getByRole('heading', { level: 1 })
  await heading.waitFor()
  page.off('request', note)
  const token = tokenOf(link)
  const kept = await page.evaluate<string>(
    'JSON.stringify([location.href, history.state, localStorage, sessionStorage, document.cookie, document.referrer])'
  )
  t.notMatch(kept, token, 'the token is out of the address, and stored nowhere')
  t.notMatch(requested.join(), token, 'and was in no URL that was asked for')
  const name = new URL(page.url()).hash.slice(2)
  await page.setViewportSize({ width: 360, height: 740 })
  const wide = await page.evaluate<number>('document.documentElement.scrollWidth')
  t.ok(wide <= 360, `${name} is ${wide} wide of 360`)
  t.same(await findings(page), [], name)
  await picture(page, `console/${name}-light-360`)
  await page.setViewportSize({ width: 1280, height: 900 })
  return heading
}

/** From an invitation to an account whose password was forgotten and chosen anew, by the mails that come. */
export async function wayBack(t: Test, { url, admin, api, context, linkTo }: Console) {
  const operator = await admin('#/users?tab=invitations')
  const invite = async (address: string) => {
    await operator.getByRole('button', { name: 'Invite' }).click()
    const dialog = operator.getByRole('dialog', { name: 'Invite somebody' })
    await dialog.getByLabel('Address').fill(address)
    await dialog.getByRole('button', { name: 'Invite' }).click()
    await operator.getByRole('cell', { name: address }).waitFor()
  }
  await invite('nobody@example.com')
  await invite('grace@example.com')
  const row = operator.getByRole('row', { name: 'nobody@example.com' })
  await row.getByRole('button', { name: 'Withdraw' }).click()
  const ask = operator.getByRole('dialog', { name: 'Withdraw the invitation of nobody@example.com?' })
  await ask.getByRole('button', { name: 'Withdraw' }).click()
  await row.waitFor({ state: 'detached' })

  const page = await (await context(/status of 40[01]/)).newPage()
  await openLink(t, page, await linkTo('grace@example.com'))
  await page.getByLabel('Username').fill('grace')
  await page.getByLabel('Password', { exact: true }).fill('password123')
  await page.getByRole('button', { name: 'As curl' }).click()
  const told = page.getByLabel('The same as a command')
  await told.getByText('curl').waitFor()
  t.notMatch(await told.innerText(), /password123|[\w-]{43}|TOKEN/, 'the command has nothing secret')
  await page.getByRole('button', { name: 'Make the account' }).click()
  await page.getByRole('alert').getByText('PASSWORD_REFUSED').waitFor()
  t.equal(await page.getByLabel('Username').inputValue(), 'grace', 'what was typed is kept')
  await page.getByLabel('Password', { exact: true }).fill(own)
  await page.getByRole('button', { name: 'Make the account' }).click()
  await page.getByRole('heading', { name: 'Welcome, grace' }).waitFor()
  await page.getByRole('link', { name: 'Go on' }).click()
  await fillIn(page, 'grace', own)
  await page.getByText('grace@example.com').waitFor()

  await page.getByRole('button', { name: 'Change it' }).click()
  const dialog = page.getByRole('dialog', { name: 'Change your address' })
  await dialog.getByLabel('Address').fill('hopper@example.com')
  await dialog.getByLabel('Current password').fill(own)
  await dialog.getByRole('button', { name: 'Change it' }).click()
  await page.getByText('waits for its link').waitFor()
  const undo = await linkTo('grace@example.com')
  // In the very tab, where the page is not loaded anew.
  await openLink(t, page, await linkTo('hopper@example.com'))
  t.match(await api('GET', '/users?q=grace'), { users: [{ email: 'grace@example.com' }] }, 'not yet')
  await page.getByRole('button', { name: 'Confirm' }).click()
  await page.getByRole('heading', { name: 'The address is confirmed' }).waitFor()
  await page.getByRole('link', { name: 'Go on' }).click()
  await page.getByText('hopper@example.com').waitFor()
  await page.getByText('waits for its link').waitFor({ state: 'detached' })

  await openLink(t, page, undo)
  await page.getByRole('button', { name: 'Call it off' }).click()
  await page.getByRole('heading', { name: 'The change is called off' }).waitFor()
  await page.getByRole('link', { name: 'Go on' }).click()
  const former = await linkTo('grace@example.com')

  await page.getByRole('link', { name: 'Forgotten password?' }).click()
  // The page before has a field of this name too.
  await page.getByRole('heading', { name: 'Forgotten password' }).waitFor()
  await page.getByLabel('Username or address').fill('grace@example.com')
  await page.getByRole('button', { name: 'Send me the link' }).click()
  await page.getByRole('heading', { name: 'Look into your mail' }).waitFor()
  const link = await linkTo('grace@example.com')
  await openLink(t, page, former)
  await page.getByLabel('New password').fill(another)
  await page.getByRole('button', { name: 'Set the password' }).click()
  await page.getByRole('alert').getByText('LINK_INVALID').waitFor()
  await page.getByRole('button', { name: 'Ask for another link' }).click()
  await page.getByRole('button', { name: 'Send me the link' }).waitFor()

  await openLink(t, page, link)
  await page.getByLabel('New password').fill(another)
  await page.getByRole('button', { name: 'Set the password' }).click()
  await page.getByRole('heading', { name: 'The new password counts' }).waitFor()
  await page.reload()
  await page.getByRole('button', { name: 'Send me the link' }).waitFor()
  await page.goto(`${url}/console/#/`)
  await fillIn(page, 'grace@example.com', another)
  await page.getByRole('heading', { name: 'My account' }).waitFor()

  const { users } = await api<{ users: { id: number }[] }>('GET', '/users?q=grace')
  await operator.goto(`${url}/console/#/users/${users[0]?.id}`)
  await operator.getByRole('button', { name: 'Send the link' }).first().click()
  await operator.getByRole('dialog').getByRole('button', { name: 'Send the link' }).click()
  t.match(await linkTo('grace@example.com'), '/console/#/recover?token=')
}

/** What became of each mail, and a mail to try it with. */
export async function mailQueue(t: Test, { admin, mails }: Console) {
  const page = await admin('#/system?tab=mail')
  const send = async (address: string) => {
    await page.getByRole('button', { name: 'Send a test mail' }).click()
    const dialog = page.getByRole('dialog', { name: 'Send a test mail' })
    await dialog.getByLabel('Address').fill(address)
    await dialog.getByRole('button', { name: 'Send a test mail' }).click()
    await dialog.waitFor({ state: 'detached' })
  }
  await send('operator@example.com')
  await send('refused@example.com')
  await page.getByRole('row', { name: /refused@example.com given up after one try.*Not today/ }).waitFor()
  await page.getByRole('row', { name: /operator@example.com sent/ }).waitFor()
  await until(() => mails.arrived.some(({ recipients }) => recipients[0] === 'operator@example.com'))
  await page.getByText('Given up', { exact: true }).click()
  await page.getByRole('row', { name: 'operator@example.com' }).waitFor({ state: 'detached' })
  t.match(page.url(), /mails=failed/)
}

/** Whoever asks too often is told for how long to wait, by seconds that go down. */
export async function waiting(t: Test, { url, context }: Console) {
  const page = await (await context(/status of 429/)).newPage()
  await page.goto(`${url}/console/#/recover`)
  await page.getByLabel('Username or address').fill('ada')
  for (let asked = 0; asked < 5; asked++)
    await fetch(`${url}/recover`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: password })
    })
  await page.getByRole('button', { name: 'Send me the link' }).click()
  const button = page.getByRole('button', { name: /Try again in \d+ s/ })
  const seconds = async () => Number(/\d+/.exec(await button.innerText())?.[0])
  await button.waitFor()
  const first = await seconds()
  t.ok(first > 0 && first <= 60, `${first} s`)
  t.ok(await button.isDisabled())
  await page.getByRole('alert').getByText('Too many requests').waitFor()
  await until(async () => (await seconds()) < first)
  t.equal(await page.getByLabel('Username or address').inputValue(), 'ada', 'what was typed is kept')
}
