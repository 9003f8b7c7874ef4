import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { root } from './process.ts'

const executablePath = '/usr/bin/chromium'
const isMissing = !existsSync(executablePath)
if (isMissing && process.env['CI']) throw new Error(`CI has to have a browser at ${executablePath}`)

/** Why tests in a browser are left out, false where they are not. */
export const withoutBrowser = isMissing && `no browser at ${executablePath} (apt-get install chromium)`

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]

/** A Chromium of this test alone. */
export async function openBrowser(t: Test): Promise<Browser> {
  const browser = await chromium.launch({ executablePath, args })
  t.teardown(() => browser.close())
  return browser
}

/** Whether pictures of the pages are kept in artefacts/, to be looked at; to draw them takes longer than to check them. */
export const withPictures = process.env['PICTURES'] === 'true'

/** Keeps a picture of a page as it looks now, where pictures are wanted. */
export async function picture(page: Page, name: string) {
  if (withPictures) await page.screenshot({ path: join(root, `artefacts/${name}.png`) })
}

/** Which of what the console of a browser is told is no fault. */
export type Expected = Pick<RegExp, 'test'>

/** Notes what must not happen on any page: errors, what the policy of the page refuses, requests to other hosts. */
export function watch(context: BrowserContext, origin: string, expected: Expected) {
  const faults: string[] = []
  context.on('weberror', (error) => faults.push(error.error().message))
  context.on('console', (message) => {
    // A refusal that was asked for is told there too.
    if (message.type() === 'error' && !expected.test(message.text())) faults.push(message.text())
  })
  context.on('request', (request) => {
    const { origin: host, protocol } = new URL(request.url())
    if (host !== origin && protocol !== 'data:') faults.push(`a request to ${host}`)
  })
  return faults
}
