import type { Test } from 'tap'
import { until } from '../until.ts'
import type { Console } from './open.ts'

/** A role is made, changed and deleted; whoever has it loses a right while their page is open. */
export async function changingRoles(t: Test, { admin, as, account, api }: Console) {
  const page = await admin('#/roles', /status of (409|412)/)
  await page.getByRole('button', { name: 'Create role' }).click()
  const dialog = page.getByRole('dialog', { name: 'Create a role' })
  await dialog.getByLabel('Name').fill('helper')
  await dialog.getByLabel('Description').fill('Helps people in')
  await dialog.getByRole('button', { name: 'Create role' }).click()
  await page.getByRole('heading', { name: 'helper' }).waitFor()
  await page.getByLabel('users:read').check()
  await page.getByLabel('audit:read').check()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved: it counts with the next request').waitFor()
  t.match(await api('GET', '/roles/helper'), { permissions: ['audit:read', 'users:read'] })

  const { id, username } = await account('helper')
  const theirs = await as(username, '#/users', /status of 403/)
  await theirs.getByRole('table', { name: 'Users' }).waitFor()
  t.equal(
    await theirs.getByRole('button', { name: 'Create user' }).count(),
    0,
    'what they may not do is not offered'
  )
  t.equal(await theirs.getByRole('link', { name: 'Roles' }).count(), 0)

  await page.getByLabel('users:read').uncheck()
  await api('PATCH', '/roles/helper', { description: 'Helps everybody' })
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('description: Helps people in → Helps everybody').waitFor()
  t.match(await api('GET', '/roles/helper'), { permissions: ['audit:read', 'users:read'] })
  await page.getByRole('button', { name: 'Keep mine' }).click()
  await page.getByRole('button', { name: 'Save' }).click()
  await until(
    async () => (await api<{ permissions: string[] }>('GET', '/roles/helper')).permissions.length === 1
  )
  t.match(await api('GET', '/roles/helper'), { description: 'Helps everybody' })
  await theirs.getByRole('textbox', { name: 'Name' }).fill('a')
  await theirs.getByRole('heading', { name: 'Audit' }).waitFor({ timeout: 5_000 })
  t.equal(await theirs.getByRole('link', { name: 'Users' }).count(), 0, 'the screen has gone with the right')

  await page.getByRole('button', { name: 'Delete' }).click()
  const ask = page.getByRole('dialog', { name: 'Delete the role helper?' })
  await ask.getByRole('button', { name: 'Delete' }).click()
  await ask.getByRole('alert').getByText('ROLE_IN_USE').waitFor()
  await api('DELETE', `/users/${id}`, undefined, { 'if-match': '*' })
  await ask.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('heading', { name: 'Roles' }).waitFor()
}

/** What happened is found by who, what and to what; an entry is shown whole, and a list is saved as a file. */
export async function reading(t: Test, { admin, account }: Console) {
  const { id } = await account()
  const page = await admin(`#/audit?action=user.create&target=user:${id}`)
  const table = page.getByRole('table', { name: 'Audit' })
  await table.getByRole('button', { name: 'user.create' }).waitFor()
  t.equal(await table.getByRole('row').count(), 2)
  await table.getByRole('button', { name: 'user.create' }).press('Enter')
  const entry = page.getByRole('dialog', { name: 'user.create' })
  await entry.getByText(`user:${id}`).first().waitFor()
  await entry.getByText('role: user').waitFor()
  await page.keyboard.press('Escape')
  await entry.waitFor({ state: 'detached' })

  const saving = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export' }).click()
  const saved = await saving
  t.equal(saved.suggestedFilename(), 'audit.jsonl')
  const text: Buffer[] = []
  for await (const chunk of await saved.createReadStream()) text.push(chunk as Buffer)
  t.match(JSON.parse(Buffer.concat(text).toString()), { action: 'user.create', target: `user:${id}` })

  await page.getByLabel('Who').fill('nobody like that')
  await page.getByText('Nothing like that has happened').waitFor()
  t.match(page.url(), /actor=nobody/)
}
