import type { Page } from 'playwright-core'
import { test } from 'tap'
import { openBrowser, picture, watch, withoutBrowser } from './browser.ts'
import { startPrefix } from './prefix.ts'
import { startServer } from './process.ts'

/** Runs an operation by "Try it out"; answers the status that the page shows and the body below it. */
async function tryOut(page: Page, operationId: string, prepare?: () => Promise<void>) {
  const block = page.locator(`[id$="-${operationId}"]`)
  if ((await block.locator('.opblock-body').count()) === 0) {
    await block.locator('.opblock-summary-control').click()
    await block.locator('.try-out__btn').click()
  }
  await prepare?.()
  // The answer of a former try would be taken for the one to come.
  const clear = block.locator('.btn-clear')
  if (await clear.isVisible()) await clear.click()
  await block.getByRole('button', { name: 'Execute' }).click()
  const live = block.locator('.live-responses-table .response')
  const status = await live.locator('.response-col_status').first().innerText()
  return { status: Number.parseInt(status, 10), body: await live.locator('.microlight').first().innerText() }
}

async function authorize(page: Page, token: string) {
  await page.locator('.auth-wrapper .authorize').first().click()
  const dialog = page.locator('.modal-ux')
  await dialog.getByRole('button', { name: 'Close' }).waitFor()
  const signOut = dialog.locator('button', { hasText: 'Logout' })
  if (await signOut.isVisible()) await signOut.click()
  await dialog.locator('input').fill(token)
  await dialog.getByRole('button', { name: 'Apply credentials' }).click()
  await dialog.getByRole('button', { name: 'Close' }).click()
}

test(
  'the documentation page signs in, keeps the token and shows what each role may',
  { skip: withoutBrowser, timeout: 180_000 },
  async (t) => {
    const server = await startServer(t)
    // Below a path, so that nothing of it leads to the root of the host.
    const base = await startPrefix(t, '/iam', () => server.url)
    const browser = await openBrowser(t)
    const context = await browser.newContext({ viewport: { width: 1280, height: 1000 } })
    const faults = watch(context, new URL(base).origin, /status of 40[13]/)
    const page = await context.newPage()

    await page.goto(`${base}/documentation`)
    await page.getByText('A first tour').waitFor()
    const signIn = async (name: string) => {
      const answer = await tryOut(page, 'login', async () => {
        await page
          .locator('[id$="-login"] .examples-select select')
          .first()
          .selectOption({ label: `The demo account ${name}` })
      })
      t.equal(answer.status, 200, `${name} signs in`)
      return (JSON.parse(answer.body) as { access_token: string }).access_token
    }

    await authorize(page, await signIn('admin'))
    t.match(await tryOut(page, 'getProtected'), { status: 200, body: /Welcome admin!/ })
    await page.reload()
    t.match(
      await tryOut(page, 'getAdminPanel'),
      { status: 200, body: /Welcome to the admin panel/ },
      'the token is kept'
    )
    await authorize(page, await signIn('user'))
    t.match(await tryOut(page, 'getAdminPanel'), { status: 403, body: /Admin privileges required/ })

    await picture(page, 'documentation')
    t.same(faults, [], 'no error in the console, no request to another host')

    await page.setViewportSize({ width: 375, height: 812 })
    const width = await page.evaluate<number>('document.documentElement.scrollWidth')
    await picture(page, 'documentation-phone')
    t.ok(width <= 375, `the page is ${width} wide on a phone of 375`)
  }
)
