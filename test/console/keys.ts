import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { until } from '../until.ts'
import { byLook, byRoom, findings } from './looks.ts'
import { type Console, password } from './open.ts'
import { grownOld } from './staying.ts'

/** Holds what is open to AA, wide and narrow. */
async function held(t: Test, page: Page) {
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: 900 })
    t.same(await findings(page, width === 360 ? [...byLook, ...byRoom] : undefined), [], String(width))
  }
}

/** Takes the key that is shown, once: it is nowhere on the page after that. */
async function take(t: Test, page: Page) {
  const shown = page.getByRole('dialog', { name: 'The new key' })
  const key = await shown.getByLabel('Key', { exact: true }).innerText()
  await shown.getByRole('button', { name: 'I have kept it' }).click()
  await shown.waitFor({ state: 'detached' })
  t.notOk((await page.content()).includes(key), 'shown this once')
  return key
}

/** One's own keys: made by the keyboard, changed, rotated and deleted. */
export async function ownKeys(t: Test, { url, server, admin }: Console) {
  const statusWith = async (key: string) =>
    (await fetch(`${url}/users`, { headers: { authorization: `Bearer ${key}` } })).status
  const page = await admin('#/me', /status of 401/)
  const old = grownOld(server.cwd)
  await page.getByRole('button', { name: 'Create key' }).press('Enter')
  const create = page.getByRole('dialog', { name: 'Create a key' })
  await create.getByLabel('Name').waitFor()
  await until(() => page.evaluate('document.activeElement.maxLength === 100'))
  await page.keyboard.type('Report')
  await create.getByLabel('users:read').press('Space')
  await create.getByLabel('Networks').fill('127.0.0.1')
  await page.keyboard.press('Enter')
  await create.getByLabel('Networks').fill('::1')
  await create.getByLabel('Good for so many days').fill('10')
  await create.getByRole('button', { name: 'As curl' }).click()
  const command = create.getByLabel('The same as a command')
  await command.getByText('"permissions":["users:read"]').waitFor()
  t.match(await command.innerText(), `curl -X POST '${url}/me/keys'`)
  await held(t, page)
  await old
  await create.getByLabel('Name').press('Enter')
  await page.getByLabel('Your password').fill(password)
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'The new key' }).getByText('will not be shown again').waitFor()
  const key = await take(t, page)
  t.equal(await statusWith(key), 200)

  const rows = page.getByRole('table', { name: 'Keys' }).getByRole('row')
  const row = rows.filter({ hasText: key.split('_')[1] ?? '' })
  for (const text of ['users:read', '127.0.0.1/32, ::1/128', 'in 10 days', 'ends soon', 'never'])
    await row.getByText(text, { exact: true }).waitFor()
  await row.getByRole('button', { name: 'Report' }).press('Enter')
  const details = page.getByRole('dialog', { name: 'Report' })
  await details.getByLabel('Name').fill('Nightly report')
  await details.getByLabel('Calls a minute').fill('30')
  await page.keyboard.press('Enter')
  await page.getByText('Saved: it counts from the next request').waitFor()
  await held(t, page)
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })

  await row.getByRole('button', { name: 'Rotate' }).click()
  await page
    .getByRole('dialog', { name: 'Rotate Nightly report?' })
    .getByRole('button', { name: 'Rotate' })
    .click()
  const next = await take(t, page)
  await row.getByText('replaced').waitFor()
  t.equal(await row.getByRole('button', { name: 'Rotate' }).count(), 0, 'once only')
  t.same([await statusWith(key), await statusWith(next)], [200, 200], 'both for a day')

  await row.getByRole('button', { name: 'Delete' }).click()
  await page
    .getByRole('dialog', { name: 'Delete Nightly report?' })
    .getByRole('button', { name: 'Delete' })
    .click()
  await row.waitFor({ state: 'detached' })
  t.same([await statusWith(key), await statusWith(next)], [401, 200])
}

/** A service is made, is offered nothing that it lacks, and gets a key. */
export async function services(t: Test, { url, admin, api }: Console) {
  await api('POST', '/roles', {
    name: 'reporter',
    description: 'Reports',
    permissions: ['audit:read'],
    requests_per_minute: 60
  })
  const page = await admin('#/users')
  await page.getByRole('button', { name: 'Create user' }).click()
  const dialog = page.getByRole('dialog', { name: 'Create a user' })
  await dialog.getByText('Service', { exact: true }).click()
  await dialog.getByText('keys are its only way in').waitFor()
  t.equal(await dialog.getByLabel('Password').count(), 0)
  await dialog.getByRole('textbox', { name: 'Username' }).fill('nightly-report')
  await dialog.getByLabel('Role').first().click()
  await page.getByRole('option', { name: 'reporter' }).click()
  await dialog.getByRole('button', { name: 'Create user' }).click()
  await page.getByRole('heading', { name: 'nightly-report' }).waitFor()
  await page.getByText('Acts with keys').waitFor()
  for (const lacking of ['Sessions', 'Second factors'])
    t.equal(await page.getByRole('heading', { name: lacking }).count(), 0, lacking)
  for (const lacking of ['Set a password', 'Send the link', 'address of mail'])
    t.equal(await page.getByText(lacking).count(), 0, lacking)

  await page.getByRole('button', { name: 'Create key' }).click()
  const create = page.getByRole('dialog', { name: 'Create a key' })
  await create.getByLabel('Name').fill('Report')
  await create.getByLabel('audit:read').check()
  t.equal(await create.getByRole('checkbox').count(), 1, 'what its role has')
  await create.getByRole('button', { name: 'Create key' }).click()
  const headers = { authorization: `Bearer ${await take(t, page)}` }
  t.match(await (await fetch(`${url}/me`, { headers })).json(), {
    username: 'nightly-report',
    kind: 'service'
  })

  await page.getByRole('button', { name: 'Disable' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click()
  await page.getByText('Cannot act: the account is disabled').waitFor()
  t.equal((await fetch(`${url}/me`, { headers })).status, 401)
  await page.getByRole('link', { name: 'Users' }).last().click()
  await page.getByLabel('Kind').first().click()
  await page.getByRole('option', { name: 'Services' }).click()
  const rows = page.getByRole('table', { name: 'Users' }).getByRole('row')
  await rows.nth(2).waitFor({ state: 'detached' })
  await rows.filter({ hasText: 'nightly-report' }).getByText('service', { exact: true }).waitFor()
}
