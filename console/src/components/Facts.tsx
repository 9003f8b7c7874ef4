import { Table } from '@mantine/core'
import type { ReactNode } from 'react'

/** What something is, name by name; what is undefined is left out. */
export const Facts = ({ facts }: { facts: [name: string, value: ReactNode][] }) => (
  <Table variant="vertical" layout="fixed" horizontalSpacing="xs" verticalSpacing={6} className="facts">
    <Table.Tbody>
      {facts
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th w={120}>{name}</Table.Th>
            <Table.Td className="breaks">{value}</Table.Td>
          </Table.Tr>
        ))}
    </Table.Tbody>
  </Table>
)
