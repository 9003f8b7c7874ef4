import type { Test } from 'tap'
import { type Console, fillIn } from './open.ts'

/** Finding somebody, seeing why they cannot sign in, and helping them. */
export async function helping(t: Test, { url, admin, account, api, context }: Console) {
  const { id, username } = await account('user', 'grace-hopper')
  for (let attempt = 0; attempt < 2; attempt++)
    await fetch(`${url}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password: 'what was it again' })
    })
  const page = await admin('#/users?q=GRACE')
  const rows = page.getByRole('table', { name: 'Users' }).getByRole('row')
  await page.getByRole('link', { name: username }).waitFor()
  t.equal(await rows.count(), 2, 'the address says what is listed')
  await page.getByRole('link', { name: username }).click()
  await page.getByText('Cannot sign in: wrong password, 2 times within the hour').waitFor()
  await page.getByRole('button', { name: 'Set a password' }).first().click()
  const dialog = page.getByRole('dialog', { name: `Set a password for ${username}` })
  await dialog.getByRole('button', { name: 'Make one' }).click()
  const secret = await dialog.getByLabel('New password').inputValue()
  t.match(secret, /^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/)
  await dialog.getByRole('button', { name: 'As curl' }).click()
  const command = dialog.getByLabel('The same as a command')
  await command.getByText('curl').waitFor()
  const told = await command.innerText()
  t.match(told, `curl -X POST '${url}/users/${id}/password'`)
  t.match(told, 'Bearer $TOKEN')
  t.notMatch(told, secret)
  await dialog.getByRole('button', { name: 'Set a password' }).click()
  await page.getByText(`${username} can sign in with the new password`).waitFor()

  const theirs = await (await context(/status of 403/)).newPage()
  await theirs.goto(`${url}/console/`)
  await fillIn(theirs, username, secret)
  await theirs.getByLabel('A password of your own').fill('a walk in the early rain')
  await theirs.getByRole('button', { name: 'Sign in' }).click()
  await theirs.getByRole('heading', { name: 'My account' }).waitFor()
  await page.reload()
  await page.getByText('Last signed in just now').waitFor()

  await page.getByRole('button', { name: 'End all sessions' }).click()
  await page
    .getByRole('dialog', { name: `End all sessions of ${username}?` })
    .getByRole('button', { name: 'End all sessions' })
    .click()
  await page.getByText('Nobody is signed in.').waitFor()

  await page.getByRole('button', { name: 'Disable' }).click()
  await page
    .getByRole('dialog', { name: `Disable ${username}?` })
    .getByRole('button', { name: 'Disable' })
    .click()
  await page.getByText('Cannot sign in: the account is disabled').waitFor()
  await page.getByRole('button', { name: 'Enable' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Enable' }).click()
  await page.getByText('Can sign in').waitFor()

  await page.getByRole('button', { name: 'Delete' }).click()
  await page
    .getByRole('dialog', { name: `Delete ${username}?` })
    .getByRole('button', { name: 'Delete' })
    .click()
  await page.getByText(`${username} is deleted`).waitFor()
  await page.getByRole('heading', { name: 'Users' }).waitFor()
  t.match(await api('GET', `/users?q=${username}`), { users: [] })
}

/** Two administrators change the same account: nothing that was typed is lost, and nothing is overwritten unseen. */
export async function conflict(t: Test, { admin, account, api }: Console) {
  const { id, username } = await account()
  const page = await admin(`#/users/${id}`, /status of 412/)
  const name = page.getByLabel('Username')
  await name.fill('ada-lovelace')
  await api('PATCH', `/users/${id}`, { role: 'admin' }, { 'if-match': '*' })
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Somebody else has changed this meanwhile').waitFor()
  await page.getByText('role: user → admin').waitFor()
  t.equal(await name.inputValue(), 'ada-lovelace', 'kept')
  t.match(await api('GET', `/users/${id}`), { username, role: 'admin' })
  await page.getByRole('button', { name: 'Keep mine' }).click()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: 'ada-lovelace' }).waitFor()
  t.match(await api('GET', `/users/${id}`), { username: 'ada-lovelace', role: 'admin' })
}

/** Making an account, from the list to its page; what is refused says why. */
export async function creating(t: Test, { admin, api }: Console) {
  const page = await admin('#/users', /status of (400|409|422)/)
  await page.getByRole('button', { name: 'Create user' }).click()
  const dialog = page.getByRole('dialog', { name: 'Create a user' })
  await dialog.getByRole('textbox', { name: 'Username' }).fill('admin')
  await dialog.getByLabel('Password', { exact: true }).fill('a walk in the early rain')
  await dialog.getByRole('button', { name: 'Create user' }).click()
  await dialog.getByRole('alert').waitFor()
  await dialog.getByRole('textbox', { name: 'Username' }).fill('katherine')
  await dialog.getByRole('button', { name: 'Create user' }).click()
  await page.getByRole('heading', { name: 'katherine' }).waitFor()
  await page.getByText('Has not signed in yet.').waitFor()
  t.match(await api('GET', '/users?q=katherine'), { users: [{ username: 'katherine', role: 'user' }] })
}
