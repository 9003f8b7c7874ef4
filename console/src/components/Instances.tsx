import { Card, Table, Text, Title } from '@mantine/core'
import type { System } from '../../../client/src/index.ts'
import { When } from './When.tsx'

/** The processes that serve on this database, the one that has answered among them. */
export const Instances = ({ system }: { system: System }) => (
  <Card padding={0}>
    <Title order={2} px="lg" pt="lg" pb="xs">
      Instances
    </Title>
    <div className="scrolls" tabIndex={0} role="region" aria-label="Instances">
      <Table aria-label="Instances" style={{ whiteSpace: 'nowrap' }}>
        <Table.Thead>
          <Table.Tr>
            {['Process', 'Version', 'Started', 'Last sign'].map((heading) => (
              <Table.Th key={heading}>
                <Text component="span" size="xs" c="dimmed" fw={600}>
                  {heading}
                </Text>
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {system.instances.map(({ id, host, process_id, version, started_at, seen_at }) => (
            <Table.Tr key={id}>
              <Table.Td>
                {host}, {process_id}
                {host === system.host && process_id === system.process_id && (
                  <Text component="span" size="sm" c="dimmed">
                    {' '}
                    answers
                  </Text>
                )}
              </Table.Td>
              <Table.Td>{version}</Table.Td>
              <Table.Td>
                <When at={started_at} />
              </Table.Td>
              <Table.Td>
                <When at={seen_at} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  </Card>
)
