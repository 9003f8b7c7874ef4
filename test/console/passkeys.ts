import type { Test } from 'tap'
import { type Console, fillIn } from './open.ts'
import { grownOld } from './staying.ts'

/** A passkey is made, signs in without a name and after the password, proves who sits there, is renamed and removed: by an authenticator that Chromium pretends to have. */
export async function passkeys(t: Test, { url, server, context, account }: Console) {
  const { username } = await account()
  const page = await (await context(/status of 40[01]/)).newPage()
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  const options = {
    protocol: 'ctap2' as const,
    transport: 'internal' as const,
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true
  }
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options })
  await page.goto(`${url}/console/`)
  await fillIn(page, username)
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  const dialog = page.getByRole('dialog', { name: 'Add a passkey' })
  await dialog.getByLabel('Name').fill('The blue key')
  await dialog.getByRole('button', { name: 'Add a passkey' }).click()
  const row = page.getByRole('table', { name: 'Passkeys' }).getByRole('row', { name: 'The blue key' })
  await row.waitFor()
  const codes = page.getByRole('dialog', { name: 'Your recovery codes' })
  t.match(await codes.getByLabel('Recovery codes').innerText(), /^([0-9A-Z]{6}-){3}[0-9A-Z]{6}$/m)
  await codes.getByRole('button', { name: 'I have kept them' }).click()

  const signOut = async () => {
    await page.getByRole('button', { name: 'Sign out' }).first().click()
    await page.getByRole('button', { name: 'Use a passkey' }).click()
  }
  await signOut()
  await page.getByRole('heading', { name: 'My account' }).waitFor()
  t.equal(await page.getByText(username).first().innerText(), username, 'no name was asked for')

  await page.getByRole('button', { name: 'Sign out' }).first().click()
  await fillIn(page, username)
  await page.getByRole('textbox', { name: 'Code' }).waitFor()
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await page.getByRole('heading', { name: 'My account' }).waitFor()

  await row.getByRole('button', { name: 'Rename' }).click()
  const rename = page.getByRole('dialog', { name: 'Rename The blue key' })
  await rename.getByLabel('Name').fill('The old key')
  await rename.getByRole('button', { name: 'Rename' }).click()
  const renamed = page.getByRole('row', { name: 'The old key' })
  await renamed.getByRole('button', { name: 'Remove' }).click()
  await grownOld(server.cwd)
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  const ask = page.getByRole('dialog', { name: 'Is it still you?' })
  await ask.getByRole('button', { name: 'Use a passkey' }).click()
  await renamed.waitFor({ state: 'detached' })
  await signOut()
  await page.getByRole('alert').getByText('PASSKEY_REFUSED').waitFor()

  await devtools.send('WebAuthn.clearCredentials', { authenticatorId })
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await page.getByRole('alert').getByText('No passkey was used').waitFor()
}
