import { type Test, test } from 'tap'
import { withoutBrowser } from '../browser.ts'
import { type Console, openConsole } from '../console/open.ts'
import { enrolling, secondFactor } from '../console/factors.ts'
import { ownKeys, services } from '../console/keys.ts'
import { looks } from '../console/looks.ts'
import { mailQueue, waiting, wayBack } from '../console/mail.ts'
import { passkeys } from '../console/passkeys.ts'
import { changingRoles, reading } from '../console/roles.ts'
import { forgery, signingIn } from '../console/signing-in.ts'
import { byKeyboard, everybodysSessions, restarted, steppingUp } from '../console/staying.ts'
import { conflict, creating, helping } from '../console/users.ts'

test('the console, in a browser', { skip: withoutBrowser, timeout: 540_000 }, async (t) => {
  const console = await openConsole(t)
  const step = (name: string, run: (t: Test, console: Console) => Promise<void>) =>
    t.test(name, async (t) => {
      await run(t, console)
      await console.close(t)
    })
  await step('it signs in, goes on after a reload and in a second tab, and signs out in all', signingIn)
  await step('no page elsewhere acts as whoever is signed in', forgery)
  await step('an account that cannot sign in is found, understood and helped', helping)
  await step('a change by somebody else is shown, and nothing that was typed is lost', conflict)
  await step('an account is made, and what is refused says why', creating)
  await step('a role is changed, and whoever has it loses the right while their page is open', changingRoles)
  await step('the way back in is by mail, and no token stays where it could be seen', wayBack)
  await step('what became of a mail is seen, and a test mail is sent', mailQueue)
  await step('whoever asks too often sees for how long to wait', waiting)
  await step('what happened is found, shown whole and saved', reading)
  await step('a passkey signs in, with and without the password, and proves who sits there', passkeys)
  await step('an authenticator app is taken in, and asked for', secondFactor)
  await step('a role that needs a second factor leads to adding one, and on', enrolling)
  await step('a key is made for a program, shown once, changed, rotated and deleted', ownKeys)
  await step('a service is made and acts with keys alone', services)
  await step('who is signed in is seen, and signed out', everybodysSessions)
  await step('what matters wants a proof of who sits there, and goes on', steppingUp)
  await step('the keyboard suffices', byKeyboard)
  await step('each screen is whole and accessible, wide and dark, narrow and light', looks)
  await step('a server that was away is waited for, and nothing is lost', restarted)
})
