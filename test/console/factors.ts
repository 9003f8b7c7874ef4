import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { codeAt } from '../totp.ts'
import { until } from '../until.ts'
import { findings } from './looks.ts'
import { type Console, fillIn, password } from './open.ts'
import { grownOld } from './staying.ts'

/** Takes an authenticator app in, as far as its recovery codes; answers them once they are kept. */
async function addApp(t: Test, page: Page) {
  await page.getByRole('button', { name: 'Add an app' }).click()
  const add = page.getByRole('dialog', { name: 'Add an authenticator app' })
  await add.getByLabel('Name').fill('Phone')
  await add.getByRole('button', { name: 'Add an app' }).click()
  const taken = page.getByRole('dialog', { name: 'Take it into your app' })
  await taken.getByRole('img', { name: 'QR code of the key for your app' }).waitFor()
  t.same(await findings(page), [])
  const secret = await taken.getByLabel('Key').innerText()
  await taken.getByLabel('First code').fill(codeAt(secret))
  await taken.getByRole('button', { name: 'Confirm' }).click()
  const shown = page.getByRole('dialog', { name: 'Your recovery codes' })
  const codes = (await shown.getByLabel('Recovery codes', { exact: true }).innerText()).split('\n')
  t.equal(codes.length, 10)
  const saving = page.waitForEvent('download')
  await shown.getByRole('link', { name: 'Download' }).click()
  t.equal((await saving).suggestedFilename(), 'recovery-codes.txt')
  await shown.getByRole('button', { name: 'I have kept them' }).click()
  return codes
}

/** A role comes to need a second factor: whoever has none is led to add one, and then to where they were going. */
export async function enrolling(t: Test, { admin, as, account, api }: Console) {
  await api('POST', '/roles', {
    name: 'guarded',
    description: 'Reads what has happened',
    permissions: ['audit:read', 'users:read'],
    requests_per_minute: 60
  })
  const { id, username } = await account('guarded')
  const theirs = await as(username, '#/users', /status of 403/)
  await theirs.getByRole('heading', { name: 'Users' }).waitFor()

  const page = await admin('#/roles/guarded')
  await page.getByLabel('Needs a second factor').check()
  await page.getByRole('button', { name: 'Save' }).click()
  await until(async () => (await api<{ requires_mfa: boolean }>('GET', '/roles/guarded')).requires_mfa)
  await page.getByRole('link', { name: 'Roles' }).first().click()
  const needs = page.getByRole('row', { name: 'Needs a second factor' })
  // What was read before the role was there may be shown until it is read again.
  await needs.getByRole('cell').nth(2).waitFor()
  t.match(await needs.getByRole('cell').allInnerTexts(), ['no', 'yes', 'no'])

  await theirs.getByRole('textbox', { name: 'Name' }).fill('a')
  await theirs.getByRole('heading', { name: 'A second factor is needed' }).waitFor()
  await theirs.getByText('The role guarded needs one').waitFor()
  t.equal(
    await theirs.getByRole('link', { name: 'Users' }).count(),
    0,
    'what would be refused is not offered'
  )
  t.same(await findings(theirs), [])
  await theirs.reload()
  await addApp(t, theirs)
  await theirs.getByRole('heading', { name: 'Users' }).waitFor()
  await theirs.getByRole('table', { name: 'Users' }).waitFor()

  await api('DELETE', `/users/${id}`, undefined, { 'if-match': '*' })
  await api('DELETE', '/roles/guarded')
}

/** An authenticator app is taken in, asked for at the sign-in and before what matters, and taken away where it was lost. */
export async function secondFactor(t: Test, { server, as, account, admin, api }: Console) {
  const { id, username } = await account()
  const page = await as(username, '', /status of 40[13]/)
  const codes = await addApp(t, page)
  await page.getByText('10 left').waitFor()

  await page.getByRole('button', { name: 'Sign out' }).first().click()
  await fillIn(page, username)
  await page.getByRole('textbox', { name: 'Code' }).fill('000000')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').getByText('WRONG_CODE').waitFor()
  t.equal(await page.getByLabel('Password', { exact: true }).inputValue(), password, 'kept')
  await page.getByRole('textbox', { name: 'Code' }).fill(codes[0] ?? '')
  await page.keyboard.press('Enter')
  await page.getByText('9 left').waitFor()

  await grownOld(server.cwd)
  await page.getByRole('button', { name: 'New codes' }).click()
  await page
    .getByRole('dialog', { name: 'Make new recovery codes?' })
    .getByRole('button', { name: 'New codes' })
    .click()
  const ask = page.getByRole('dialog', { name: 'Is it still you?' })
  await ask.getByRole('textbox', { name: 'Code' }).fill(codes[1] ?? '')
  await ask.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await page.getByText('10 left').waitFor()

  const theirs = await admin(`#/users/${id}`, /status of 401/)
  await theirs.getByText('Phone').waitFor()
  await theirs.getByText('10 left').waitFor()
  await theirs.getByRole('button', { name: 'Remove all factors' }).click()
  const remove = theirs.getByRole('dialog', { name: `Remove all factors of ${username}?` })
  t.same(await findings(theirs), [])
  await remove.getByRole('button', { name: 'Remove all factors' }).click()
  const isIt = theirs.getByRole('dialog', { name: 'Is it still you?' })
  await isIt.getByLabel('Your password').fill(password)
  await theirs.keyboard.press('Enter')
  await theirs.getByText('None: the password alone signs in.').waitFor()
  t.match(await api('GET', `/users/${id}/factors`), { factors: [], recovery_codes: 0 })
  await page.reload()
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
}
