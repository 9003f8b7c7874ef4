import { Anchor, Text } from '@mantine/core'
import { Link } from 'wouter'
import { type AccountSession, endUserSession, listSessions } from '../../../client/src/index.ts'
import { Act } from '../components/Act.tsx'
import { AsCurl } from '../components/AsCurl.tsx'
import { type Column, List } from '../components/List.tsx'
import { Page } from '../components/Page.tsx'
import { sessionColumns } from '../components/Sessions.tsx'
import { When } from '../components/When.tsx'
import { useMay, usePages } from '../queries.ts'

/** Who is signed in, and where. */
export function SessionsPage() {
  const may = useMay()
  const pages = usePages(['sessions'], (client, page) =>
    listSessions({ client, query: page, throwOnError: true })
  )
  const who: Column<AccountSession> = {
    title: 'Who',
    cell: ({ user_id, username }) =>
      may('users:read') ? (
        <Anchor component={Link} href={`/users/${user_id}`} fz="inherit" fw={550} c="inherit">
          {username}
        </Anchor>
      ) : (
        username
      )
  }
  const since: Column<AccountSession> = {
    title: 'Since',
    cell: ({ created_at }) => <When at={created_at} />,
    from: 'sm'
  }
  const end: Column<AccountSession> = {
    title: 'End',
    cell: (session) => !session.current && <End {...session} />,
    width: 80
  }
  return (
    <Page
      title="Sessions"
      explains="Who is signed in, newest first."
      acts={<AsCurl call={(client) => listSessions({ client, throwOnError: true })} />}
    >
      <List
        label="Sessions"
        pages={pages}
        rows={({ sessions }) => sessions}
        rowKey={({ id }) => id}
        columns={[who, ...sessionColumns, since, ...(may('sessions:write') ? [end] : [])]}
        empty={<Text size="sm">Nobody is signed in.</Text>}
      />
    </Page>
  )
}

const End = ({ id, user_id, username }: AccountSession) => (
  <Act
    label="End"
    question={`End this session of ${username}?`}
    explains="Whoever is signed in with it is signed out with their next request."
    destructive
    call={(client) => endUserSession({ client, path: { id: user_id, session: id }, throwOnError: true })}
    done={`The session of ${username} has ended`}
    button={{ size: 'compact-xs' }}
  />
)
