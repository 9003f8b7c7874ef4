import { Center, Loader } from '@mantine/core'
import { type ComponentType, useEffect } from 'react'
import { Redirect, Route, Switch, useLocation } from 'wouter'
import { gatehouse, session } from './api.ts'
import { Failure } from './components/Failure.tsx'
import { Offline } from './components/Offline.tsx'
import { sees, Shell } from './components/Shell.tsx'
import { isReachable } from './connection.ts'
import { linkToken, type PublicPath } from './links.ts'
import { UndoPage, VerifyPage } from './pages/address.tsx'
import { EnrolmentPage } from './pages/enrolment.tsx'
import { InvitationPage } from './pages/invitation.tsx'
import { RecoverPage } from './pages/recover.tsx'
import { SignIn } from './pages/sign-in.tsx'
import { useMe } from './queries.ts'
import { screens } from './screens.ts'
import { useStore } from './store.ts'

/** Nothing of the page is known yet; what is soon there should not be announced by what jumps. */
const Wait = () => (
  <Center mih="100vh">
    <Loader aria-label="Loading" />
    <Offline />
  </Center>
)

const publicPages: Record<PublicPath, ComponentType<{ token: string | undefined }>> = {
  '/recover': RecoverPage,
  '/verify': VerifyPage,
  '/undo': UndoPage,
  '/invitation': InvitationPage
}

const isPublic = (path: string): path is PublicPath => path in publicPages

/** What a link of a mail is good for is done as nobody: whoever is signed in here has no part in it. */
export function App() {
  const [path] = useLocation()
  const token = useStore(linkToken)
  if (!isPublic(path)) return <Console />
  const Public = publicPages[path]
  return <Public key={token ?? path} token={token} />
}

/** Signed in, signed out, or not known yet: a reload goes on with the session whose token is in the cookie. */
function Console() {
  const held = useStore(session)
  const isThere = useStore(isReachable)
  useEffect(() => {
    if (held === 'unknown' && isThere) void gatehouse.resume().catch(() => undefined)
  }, [held, isThere])
  if (held === 'unknown') return <Wait />
  if (held === 'none') return <SignIn />
  return <Screens key={held.id} />
}

/** The screens that this account sees. */
function Screens() {
  const { data: me, error, refetch } = useMe()
  if (!me)
    return error ? (
      <Center mih="100vh" p="md">
        <Failure error={error} retry={() => void refetch()} />
      </Center>
    ) : (
      <Wait />
    )
  const seen = screens.filter((screen) => sees(me, screen))
  return (
    <Shell me={me}>
      {me.mfa_enrolment_needed ? (
        <EnrolmentPage me={me} />
      ) : (
        <Switch>
          {seen.flatMap(({ path, page, one }) => [
            <Route key={path} path={path} component={page} />,
            ...(one ? [<Route key={`${path}/:id`} path={`${path}/:id`} component={one} />] : [])
          ])}
          <Route>
            <Redirect to={seen[0]?.path ?? '/me'} replace />
          </Route>
        </Switch>
      )}
    </Shell>
  )
}
