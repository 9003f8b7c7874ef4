import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Page } from 'playwright-core'
import { test } from 'tap'
import { openBrowser, withoutBrowser } from './browser.ts'
import { build } from './helper.ts'
import { freePort } from './process.ts'

/** What a page does with the API at `base`, as a page of ours would: it is put into the page as text. */
const functions = `
  const base = new URLSearchParams(location.search).get('api') ?? ''
  const post = async (path, body, token) => {
    const response = await fetch(base + path, {
      method: 'POST',
      headers: { ...(body && { 'content-type': 'application/json' }), ...(token && { authorization: 'Bearer ' + token }) },
      ...(body && { body: JSON.stringify(body) })
    })
    return { status: response.status, body: await response.json() }
  }
  const make = async (token) => {
    const { body } = await post('/me/passkeys/options', undefined, token)
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(body)
    return (await navigator.credentials.create({ publicKey })).toJSON()
  }
  const ask = async (change = {}) => {
    const { body } = await post('/passkeys/options')
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON({ ...body, ...change })
    return (await navigator.credentials.get({ publicKey })).toJSON()
  }
`

interface Answer {
  status: number
  body: { code?: string; passkey?: { id: string; name: string }; access_token?: string }
}

/** Runs an expression over these functions in a page. */
const inPage = <T = Answer>(page: Page, expression: string) =>
  page.evaluate<T>(`(async () => { ${functions}; return ${expression} })()`)

/** A page of another origin of the same host, without anything on it. */
async function otherOrigin(port: number) {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<!doctype html><title>Elsewhere</title>')
  })
  server.listen(port, 'localhost')
  await once(server, 'listening')
  return server
}

test(
  'passkeys of a browser: made, used without a name, and refused where they prove nothing',
  { skip: withoutBrowser, timeout: 200_000 },
  async (t) => {
    const [port, elsewhere] = [await freePort(), await freePort()]
    const { app, db, session } = await build(t, {
      PORT: String(port),
      RATE_LIMIT_SIGN_IN: '1000',
      CORS_ORIGIN: `http://localhost:${elsewhere}`
    })
    await app.listen({ port, host: 'localhost' })
    const other = await otherOrigin(elsewhere)
    t.teardown(() => other.close())
    const { token } = await session('user')
    const browser = await openBrowser(t)
    const page = await (await browser.newContext()).newPage()
    const devtools = await page.context().newCDPSession(page)
    await devtools.send('WebAuthn.enable')
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true
      }
    })
    // A page of the service's own origin without anything on it: one of its own takes seconds to be drawn.
    const ours = `http://localhost:${port}/empty`
    const empty = { contentType: 'text/html', body: '<!doctype html><title>Ours</title>' }
    await page.route(ours, (route) => route.fulfill(empty))
    await page.goto(ours)

    const made = await inPage(page, `post('/me/passkeys', { passkey: await make('${token}') }, '${token}')`)
    t.equal(made.status, 201, JSON.stringify(made.body))
    t.match(made.body.passkey?.name, /^Chrome, /)
    const twice = inPage(page, `make('${token}')`)
    await t.rejects(twice, { message: /InvalidStateError/ }, 'the browser knows that it has one')

    const signedIn = await inPage(page, `post('/passkeys/sign-in', { passkey: await ask() })`)
    t.equal(signedIn.status, 200, JSON.stringify(signedIn.body))
    const authorization = `Bearer ${signedIn.body.access_token ?? ''}`
    t.match((await app.inject({ url: '/me', headers: { authorization } })).json(), { username: 'user' })

    const passkey = await inPage<object>(page, 'ask()')
    const use = () => app.inject({ method: 'POST', url: '/passkeys/sign-in', payload: { passkey } })
    t.same([(await use()).statusCode, (await use()).statusCode], [200, 400], 'a replay')

    const signIn = async (change = '{}') => {
      const { status, body } = await inPage(
        page,
        `post('/passkeys/sign-in', { passkey: await ask(${change}) })`
      )
      return [status, body.code]
    }
    const refused = [401, 'PASSKEY_REFUSED']
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
    t.same(
      await signIn(`{ userVerification: 'discouraged' }`),
      refused,
      'a page that asks for no verification'
    )
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true })

    await page.goto(`http://localhost:${elsewhere}/?api=http://localhost:${port}`)
    t.same(await signIn(), refused, 'a page of another origin of the same host')
    await page.goto(ours)
    t.same(await signIn(), [200, undefined])

    const { credentials } = await devtools.send('WebAuthn.getCredentials', { authenticatorId })
    const [credential] = credentials
    if (!credential) throw new Error('the authenticator has no passkey')
    await devtools.send('WebAuthn.clearCredentials', { authenticatorId })
    await devtools.send('WebAuthn.addCredential', {
      authenticatorId,
      credential: { ...credential, signCount: 1 }
    })
    t.same(await signIn(), refused, 'a copy that was made before')
    const clones = db.selectFrom('audit').select('target').where('action', '=', 'passkey.clone')
    t.match(await clones.execute(), [{ target: `passkey:${made.body.passkey?.id}` }])
  }
)
