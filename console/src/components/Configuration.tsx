import { Badge, Card, Group, Switch, Table, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Variable } from '../../../client/src/index.ts'

/** What a variable has in force. */
const valueOf = ({ value, secret, source }: Variable) =>
  secret
    ? source === 'environment'
      ? 'set, and not shown'
      : 'not set'
    : value === null || value === ''
      ? '–'
      : value

/** Each variable of the environment: its value, where that comes from, and its default. */
export function Configuration({ variables }: { variables: Variable[] }) {
  const [text, setText] = useState('')
  const [isSetOnly, setSetOnly] = useState(false)
  const shown = variables.filter(
    ({ name, description, source }) =>
      `${name} ${description}`.toLowerCase().includes(text.toLowerCase()) &&
      (!isSetOnly || source === 'environment')
  )
  return (
    <Card padding={0}>
      <Group p="lg" pb="sm" justify="space-between">
        <TextInput
          aria-label="Find a variable"
          placeholder="Find a variable"
          flex={1}
          miw={180}
          value={text}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
        />
        <Switch
          label="Only what is set"
          checked={isSetOnly}
          onChange={({ currentTarget }) => setSetOnly(currentTarget.checked)}
        />
      </Group>
      <Table aria-label="Configuration" layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Variable</Table.Th>
            <Table.Th>Value</Table.Th>
            <Table.Th visibleFrom="md" w="22%">
              Default
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {shown.map((variable) => (
            <Table.Tr key={variable.name}>
              <Table.Td className="breaks">
                <Text size="sm" fw={550}>
                  {variable.name}
                </Text>
                <Text size="xs" c="dimmed" visibleFrom="sm">
                  {variable.description}
                </Text>
              </Table.Td>
              <Table.Td className="breaks">
                <Group gap="xs">
                  {valueOf(variable)}
                  {variable.source === 'environment' && <Badge color="gate">set</Badge>}
                </Group>
              </Table.Td>
              <Table.Td visibleFrom="md" className="breaks">
                <Text size="sm" c="dimmed">
                  {variable.default_value ?? '–'}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {shown.length === 0 && (
        <Text p="lg" ta="center" size="sm" c="dimmed">
          No variable is like that.
        </Text>
      )}
    </Card>
  )
}
