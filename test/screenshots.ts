/** `npm run screenshots`: makes the pictures of the README, of the console of a server at the address in the first argument. */
import { chromium } from 'playwright-core'
import { fileURLToPath } from 'node:url'

const url = process.argv[2] ?? 'http://127.0.0.1:3000'
const [username = 'admin', password = 'password123'] = process.argv.slice(3)
const folder = fileURLToPath(new URL('../docs/pictures/', import.meta.url))

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
await page.goto(`${url}/console/`)
await page.getByLabel('Username').fill(username)
await page.getByLabel('Password', { exact: true }).fill(password)
await page.getByRole('button', { name: 'Sign in' }).click()
await page.getByRole('heading', { name: 'Overview' }).waitFor()
for (const [name, path, colorScheme] of [
  ['users', '/users', 'light'],
  ['overview', '/overview?span=1h', 'dark']
] as const) {
  await page.emulateMedia({ colorScheme })
  await page.goto(`${url}/console/#${path}`)
  await page.waitForLoadState('networkidle')
  await page.evaluate('new Promise((drawn) => setTimeout(drawn, 300))')
  await page.screenshot({ path: `${folder}${name}.png`, animations: 'disabled' })
}
await browser.close()
