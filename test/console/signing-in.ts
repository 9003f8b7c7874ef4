import type { Route } from 'playwright-core'
import type { Test } from 'tap'
import { until } from '../until.ts'
import { type Console, fillIn, password } from './open.ts'

/** Signing in, staying signed in over a reload and in a second tab, and signing out in all of them. */
export async function signingIn(t: Test, { url, context, account, api }: Console) {
  const { id, username } = await account()
  const browser = await context(/status of 401/)
  const exchanges: string[] = []
  browser.on('request', (request) => {
    if (request.url() === `${url}/refresh`) exchanges.push(request.method())
  })
  const page = await browser.newPage()
  await page.goto(`${url}/console/`)
  await fillIn(page, username, 'not the password')
  await page.getByRole('alert').getByText('Invalid credentials').waitFor()
  t.equal(await page.getByLabel('Username').inputValue(), username, 'what was typed is kept')
  t.equal(exchanges.length, 0, 'who has never signed in has nothing to go on with')

  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'My account' }).waitFor()
  const stored = await page.evaluate<string>(
    'JSON.stringify([localStorage, sessionStorage, document.cookie])'
  )
  t.notMatch(stored, /ey[\w-]+\.|[\w-]{43}/, 'no token where a script could find it')
  const cookies = await browser.cookies(`${url}/refresh`)
  t.match(cookies, [{ name: 'refresh', httpOnly: true, sameSite: 'Strict', path: '/refresh' }])
  t.same(await browser.cookies(`${url}/users`), [], 'and nowhere else is it sent')

  await page.reload()
  await page.getByRole('heading', { name: 'My account' }).waitFor()
  t.equal(exchanges.length, 1, 'a reload goes on')
  const second = await browser.newPage()
  await second.goto(`${url}/console/#/me`)
  await second.getByRole('heading', { name: 'My account' }).waitFor()
  t.equal(exchanges.length, 2)

  // Both tabs find their token refused at once: one exchange serves them.
  const spoil = async (route: Route) => {
    const headers = route.request().headers()
    const fresh = exchanges.length > 2
    await route.continue(fresh ? {} : { headers: { ...headers, authorization: 'Bearer e30.e30.e30' } })
  }
  await browser.route(`${url}/me`, spoil)
  const focus = 'window.dispatchEvent(new Event("visibilitychange"))'
  await until(async () => {
    await Promise.all([page.evaluate(focus), second.evaluate(focus)])
    return exchanges.length > 2
  })
  await browser.unroute(`${url}/me`)
  for (const tab of [page, second]) await tab.getByRole('heading', { name: 'My account' }).waitFor()
  t.equal(exchanges.length, 3)

  await second.getByRole('button', { name: 'Sign out' }).first().click()
  for (const tab of [second, page]) await tab.getByRole('button', { name: 'Sign in' }).waitFor()
  const { sessions } = await api<{ sessions: unknown[] }>('GET', `/users/${id}/sessions`)
  t.same(sessions, [], 'and on the server')
  t.same(await browser.cookies(`${url}/refresh`), [])
  await page.reload()
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
}

/** Pages elsewhere that would like to act as whoever is signed in here: of another site, and of the same on another port. */
export async function forgery(t: Test, { url, browser, account, api }: Console) {
  const { id, username } = await account()
  const context = await browser.newContext()
  t.teardown(() => context.close())
  const page = await context.newPage()
  await page.goto(`${url}/console/`)
  await fillIn(page, username)
  await page.getByRole('heading', { name: 'My account' }).waitFor()
  const held = await context.cookies(`${url}/refresh`)
  t.equal(held.length, 1)

  const arrived: number[] = []
  for (const origin of ['http://evil.example', 'http://localhost:1']) {
    const evil = await context.newPage()
    evil.on('response', (response) => {
      if (response.url().startsWith(url)) arrived.push(response.status())
    })
    await evil.route(`${origin}/**`, (route) => route.fulfill({ contentType: 'text/html', body: '<body>' }))
    for (const path of ['/refresh', '/login?refresh=cookie', '/logout']) {
      await evil.goto(`${origin}/`)
      const read = await evil.evaluate<string>(
        `fetch('${url}${path}', { method: 'POST', credentials: 'include' }).then((answer) => 'read', () => 'hidden')`
      )
      t.equal(read, 'hidden', `${origin} reads nothing of ${path}`)
      await evil.evaluate(
        `fetch('${url}${path}', { method: 'POST', credentials: 'include', mode: 'no-cors' }).catch(() => undefined)`
      )
      const form = `<form method=post action="${url}${path}"></form>`
      await Promise.all([
        evil.waitForURL(`${url}${path}`),
        evil.evaluate(`document.body.innerHTML = ${JSON.stringify(form)}; document.forms[0].submit()`)
      ])
    }
    await evil.close()
  }
  t.ok(arrived.length >= 6 && arrived.every((status) => status >= 400), arrived.join())
  const strip = (cookies: typeof held) => cookies.map(({ value }) => value)
  t.same(
    strip(await context.cookies(`${url}/refresh`)),
    strip(held),
    'nothing was exchanged, nothing taken away'
  )
  const { sessions } = await api<{ sessions: unknown[] }>('GET', `/users/${id}/sessions`)
  t.equal(sessions.length, 1)
  await page.reload()
  await page.getByRole('heading', { name: 'My account' }).waitFor()
}
