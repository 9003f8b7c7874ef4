import axe from 'axe-core'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import Sqlite from 'better-sqlite3'
import { join } from 'node:path'
import { picture, withPictures } from '../browser.ts'
import { until } from '../until.ts'
import type { Console } from './open.ts'

const levels = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** What other colours or less room can spoil. */
export const byLook = ['color-contrast', 'link-in-text-block', 'target-size', 'scrollable-region-focusable']
export const byRoom = ['button-name', 'link-name', 'label']

/** What axe-core finds on a page at level AA, a line each; by `rules` alone where the page was held to all before. */
export async function findings(page: Page, rules?: string[]): Promise<string[]> {
  if (!(await page.evaluate<boolean>('"axe" in window'))) await page.evaluate(axe.source)
  const runOnly = rules ? { type: 'rule', values: rules } : levels
  const { violations } = await page.evaluate<axe.AxeResults>(
    `axe.run(${JSON.stringify({ runOnly, resultTypes: ['violations'] })})`
  )
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, any: [first] }) => {
      const others = first?.relatedNodes?.map((node) => node.html) ?? []
      return [`${id}: ${html}`, first?.message, ...others].join(' ')
    })
  )
}

/** Waits until a page has all that it shows. */
export const settled = (page: Page) =>
  until(async () => {
    const [titles, waiting] = await Promise.all([
      page.locator('h1').count(),
      page.locator('.mantine-Skeleton-root, [aria-busy=true], .mantine-Loader-root').count()
    ])
    return titles > 0 && waiting === 0
  })

/** The tables that have not the room that they take, unless one can scroll there. */
const cut = `[...document.querySelectorAll('table')]
  .filter((table) => !table.closest('.scrolls') && table.offsetWidth > table.parentElement.clientWidth)
  .map((table) => table.getAttribute('aria-label') ?? table.innerText)`

/** Numbers from 1, as a table of SQL. */
const numbers = (count: number) =>
  `with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${count})`

/** Ten thousand accounts, past the API: to make them by it would take minutes. */
const accounts = `${numbers(10_000)} insert into users (username, username_key, password_hash, role, created_at, updated_at)
  select 'crowd-' || n, 'crowd-' || n, '-', 'user', '2026-01-31T09:30:00.000Z', '2026-01-31T09:30:00.000Z' from numbers`

const hourBefore = `strftime('%Y-%m-%dT%H:00:00.000Z', 'now', '-' || n || ' hours')`

/** What was counted in so many hours, past the API: waves, of which some is refused and some fails. */
const counted = (hours: number) => [
  `${numbers(hours)} insert or replace into traffic
    select 'hour', kinds.route, kinds.method, kinds.outcome, ${hourBefore}, kinds.share * (60 + n * 7 % 60) / 60, 200 * kinds.share, 1, 2, 5, 9, 9, 5, 4, 3, 1, 1, 0, 0
    from numbers, (select '*' route, '*' method, 'ok' outcome, 90 share union all select '*', '*', 'auth', 7 union all select '*', '*', 'error', 1
      union all select '/users', 'GET', 'ok', 60 union all select '/users', 'GET', 'limited', 5) kinds`,
  `${numbers(hours)} insert or replace into events
    select 'hour', kinds.event, ${hourBefore}, (n * 3 + kinds.share) % 40
    from numbers, (select 'sign_in.ok' event, 9 share union all select 'sign_in.refused', 2 union all select 'cache.hit', 20) kinds`,
  `${numbers(hours)} insert or replace into gauges
    select 'hour', kinds.name, ${hourBefore}, 1000 - n % 50 + kinds.share
    from numbers, (select 'accounts' name, 9 share union all select 'sessions', 2) kinds`
]

/** Runs statements on the database of a server. */
function fill(folder: string, ...statements: string[]) {
  const database = new Sqlite(join(folder, 'data/gatehouse.db'))
  for (const statement of statements) database.prepare(statement).run()
  database.close()
}

/** Each room and each scheme once; all four together where pictures are kept. */
const ways = [
  { width: 1280, colorScheme: 'dark' },
  { width: 360, colorScheme: 'light' },
  ...(withPictures
    ? ([
        { width: 1280, colorScheme: 'light' },
        { width: 360, colorScheme: 'dark' }
      ] as const)
    : [])
] as const

/** Every screen with nothing, little and much on it, dark where it is wide and light where it is narrow: held to AA. */
export async function looks(t: Test, { admin, server, api, account }: Console) {
  const { id } = await account()
  const empty = await account()
  const { id: service } = await api<{ id: number }>('POST', '/users', {
    username: 'export-at-night',
    kind: 'service',
    role: 'admin'
  })
  for (const days of [90, 10])
    await api('POST', `/users/${service}/keys`, {
      name: `For ${days} days`,
      permissions: ['users:read', 'audit:read'],
      allowed_networks: ['203.0.113.0/24', '2001:db8::/32'],
      expires_in_days: days
    })
  await api('POST', '/roles', {
    name: 'keeper',
    description: 'Keeps',
    permissions: ['users:read'],
    requests_per_minute: 60
  })
  fill(server.cwd, accounts)
  const page = await admin('#/overview')
  // What the steps before have told has gone with the page.
  await page.reload()
  const screens = {
    'overview-none': '/overview?span=1h',
    'traffic-none': '/traffic?span=1h',
    'users-none': '/users?q=nobody-at-all',
    'users-few': '/users?q=person',
    'users-many': '/users',
    invitations: '/users?tab=invitations',
    user: `/users/${id}`,
    'user-new': `/users/${empty.id}`,
    service: `/users/${service}`,
    sessions: '/sessions',
    roles: '/roles',
    role: '/roles/keeper',
    audit: '/audit',
    'audit-none': '/audit?actor=nobody',
    system: '/system',
    settings: '/system?tab=settings',
    configuration: '/system?tab=configuration',
    mail: '/system?tab=mail',
    me: '/me'
  }
  const look = async (name: string, path: string) => {
    await page.setViewportSize({ width: 1280, height: 900 })
    await page.evaluate(`location.hash = ${JSON.stringify(path)}`)
    await settled(page)
    for (const { width, colorScheme } of ways) {
      await page.setViewportSize({ width, height: 900 })
      await page.emulateMedia({ colorScheme })
      await page.locator(`[data-mantine-color-scheme=${colorScheme}]`).waitFor()
      // What is on its way to its place or colour is there.
      await page.evaluate('document.getAnimations().forEach((animation) => animation.finish())')
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth')
      t.ok(wide <= width, `${name} is ${wide} wide of ${width}`)
      t.same(await page.evaluate(cut), [], `nothing is cut off in ${name}, ${width}`)
      const rules = width === 360 ? [...byLook, ...byRoom] : undefined
      t.same(await findings(page, rules), [], `${name}, ${colorScheme}, ${width}`)
      await picture(page, `console/${name}-${colorScheme}-${width}`)
    }
  }
  for (const [name, path] of Object.entries(screens)) await look(name, path)
  fill(server.cwd, ...counted(10))
  await look('overview-few', '/overview?span=24h')
  await look('traffic-few', '/traffic?span=24h')
  // With the three kinds of numbers ten thousand points.
  fill(server.cwd, ...counted(1_000))
  await look('overview-many', '/overview?span=7d')
  await look('traffic-many', '/traffic?span=7d')
  t.ok((await page.getByRole('img', { name: /./ }).count()) >= 2, 'the plots are drawn')

  await page.setViewportSize({ width: 1280, height: 900 })
  await page.evaluate(`location.hash = '/users'`)
  const rows = page.getByRole('table', { name: 'Users' }).getByRole('row')
  await settled(page)
  t.equal(await rows.count(), 51)
  await page.getByRole('button', { name: 'Show more' }).click()
  await until(async () => (await rows.count()) === 101)
}
