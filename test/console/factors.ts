import type { Test } from 'tap'
import { codeAt } from '../totp.ts'
import { findings } from './looks.ts'
import { type Console, fillIn, password } from './open.ts'
import { grownOld } from './staying.ts'

/** An authenticator app is taken in, asked for at the sign-in and before what matters, and taken away where it was lost. */
export async function secondFactor(t: Test, { server, as, account, admin, api }: Console) {
  const { id, username } = await account()
  const page = await as(username, '', /status of 40[13]/)
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
  await shown.getByRole('button', { name: 'I have kept them' }).click()
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
