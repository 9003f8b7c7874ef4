import { Badge, Group, SegmentedControl, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { listMails, type ListMailsData, type Mail, type Me, sendTestMail } from '../../../client/src/index.ts'
import { useFilters } from '../address.ts'
import { useMay, usePages } from '../queries.ts'
import { Act } from './Act.tsx'
import { EmailInput } from './EmailInput.tsx'
import { type Column, List } from './List.tsx'
import { LocaleSelect } from './LocaleSelect.tsx'
import { When } from './When.tsx'

type State = NonNullable<NonNullable<ListMailsData['query']>['state']>

/** What has become of a mail. */
function Outcome({ mail: { sent_at, failed_at, next_at, attempts, error } }: { mail: Mail }) {
  const tries = attempts === 1 ? 'one try' : `${attempts} tries`
  return (
    <Stack gap={2} align="flex-start">
      {sent_at ? (
        <Badge color="teal">sent</Badge>
      ) : failed_at ? (
        <Badge color="red">given up after {tries}</Badge>
      ) : (
        <Badge color={error === null ? 'gray' : 'orange'}>waits{attempts > 0 && `, ${tries}`}</Badge>
      )}
      {error !== null && (
        <Text size="xs" c={failed_at ? 'var(--danger)' : 'var(--warn)'} className="breaks">
          {error}
        </Text>
      )}
      {next_at && attempts > 0 && (
        <Text size="xs" c="dimmed">
          next try <When at={next_at} />
        </Text>
      )}
    </Stack>
  )
}

const columns: Column<Mail>[] = [
  { title: 'About', cell: ({ kind }) => kind, width: 120 },
  { title: 'To', cell: ({ email }) => <span className="breaks">{email ?? 'nobody'}</span> },
  { title: 'Outcome', cell: (mail) => <Outcome mail={mail} /> },
  { title: 'Since', cell: ({ created_at }) => <When at={created_at} />, from: 'sm', width: 150 }
]

/** The mails of the last thirty days, and what became of them. */
export function MailQueue() {
  const may = useMay()
  const { filters, setFilter } = useFilters('mails')
  const query: ListMailsData['query'] = filters.mails ? { state: filters.mails as State } : {}
  const pages = usePages(
    ['mail', query],
    (client, page) => listMails({ client, query: { ...query, ...page }, throwOnError: true }),
    { refetchInterval: 5_000 }
  )
  return (
    <Stack>
      <Group justify="space-between">
        <SegmentedControl
          aria-label="Mails"
          value={filters.mails}
          onChange={(value) => setFilter('mails', value)}
          data={[
            { value: '', label: 'All' },
            { value: 'waiting', label: 'Waiting' },
            { value: 'sent', label: 'Sent' },
            { value: 'failed', label: 'Given up' }
          ]}
        />
        {may('mail:write') && <TestMail />}
      </Group>
      <List
        label="Mails"
        pages={pages}
        rows={({ mails }) => mails}
        rowKey={({ id }) => id}
        columns={columns}
        empty={
          <Text size="sm" c="dimmed">
            No mail is like that.
          </Text>
        }
      />
    </Stack>
  )
}

function TestMail() {
  const blank: { email: string; locale: Me['locale'] } = { email: '', locale: 'en' }
  const [body, setBody] = useState(blank)
  return (
    <Act
      label="Send a test mail"
      question="Send a test mail"
      explains="Whether it arrives says whether people get their links. What came of it is in the list."
      call={(client) => sendTestMail({ client, body, throwOnError: true })}
      ready={body.email.includes('@')}
      done={`A mail is on its way to ${body.email}`}
      onReset={() => setBody(blank)}
    >
      <EmailInput value={body.email} onChange={(email) => setBody({ ...body, email })} />
      <LocaleSelect value={body.locale} onChange={(locale) => setBody({ ...body, locale })} />
    </Act>
  )
}
