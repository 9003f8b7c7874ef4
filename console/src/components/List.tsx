import { Box, Button, Card, Center, Group, Skeleton, Stack, Table, Text, Title } from '@mantine/core'
import type { UseInfiniteQueryResult, InfiniteData } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Failure } from './Failure.tsx'

/** A column; `from` is the width below which there is no room for it. */
export interface Column<Row> {
  title: string
  cell: (row: Row) => ReactNode
  from?: 'xs' | 'sm' | 'md' | 'lg'
  /** Of a narrow one, such as that of a button. */
  width?: number | string
}

interface ListProps<Page, Row> {
  /** What is listed; `title` is whether that is to be seen. */
  label: string
  title?: boolean
  acts?: ReactNode
  pages: UseInfiniteQueryResult<InfiniteData<Page>>
  rows: (page: Page) => Row[]
  rowKey: (row: Row) => string | number
  columns: Column<Row>[]
  /** What is said when there is nothing. */
  empty: ReactNode
}

const shownFrom = ({ from }: { from?: Column<unknown>['from'] }) => (from ? { visibleFrom: from } : {})

/** A list that is read page by page, in each of its states. Its room is kept while it loads, so that nothing jumps. */
export function List<Page, Row>({
  label,
  title,
  acts,
  pages,
  rows,
  rowKey,
  columns,
  empty
}: ListProps<Page, Row>) {
  const all = pages.data?.pages.flatMap(rows)
  return (
    <Card padding={0}>
      {title && (
        <Group justify="space-between" px="lg" pt="lg" pb="xs" mih={54}>
          <Title order={2}>{label}</Title>
          {acts}
        </Group>
      )}
      {pages.error && (
        <Box p="md">
          <Failure error={pages.error} retry={() => void pages.refetch()} />
        </Box>
      )}
      {all?.length === 0 && (
        <Center mih={140} p="lg" fz="sm">
          <Stack align="center" gap="xs">
            {empty}
          </Stack>
        </Center>
      )}
      {all?.length !== 0 && !(pages.error && !all) && (
        <Table
          className="fades"
          data-stale={pages.isPlaceholderData || undefined}
          highlightOnHover
          aria-label={label}
          aria-busy={pages.isFetching}
        >
          <Table.Thead>
            <Table.Tr>
              {columns.map((column) => (
                <Table.Th key={column.title} w={column.width} {...shownFrom(column)}>
                  <Text component="span" size="xs" c="dimmed" fw={600}>
                    {column.title}
                  </Text>
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {all
              ? all.map((row) => (
                  <Table.Tr key={rowKey(row)} pos="relative">
                    {columns.map((column) => (
                      <Table.Td key={column.title} {...shownFrom(column)}>
                        {column.cell(row)}
                      </Table.Td>
                    ))}
                  </Table.Tr>
                ))
              : Array.from({ length: 8 }, (_, index) => (
                  <Table.Tr key={index}>
                    {columns.map((column) => (
                      <Table.Td key={column.title} {...shownFrom(column)}>
                        <Skeleton height={14} my={4} maw={160} />
                      </Table.Td>
                    ))}
                  </Table.Tr>
                ))}
          </Table.Tbody>
        </Table>
      )}
      {pages.hasNextPage && (
        <Center p="sm">
          <Button
            variant="subtle"
            loading={pages.isFetchingNextPage}
            onClick={() => void pages.fetchNextPage()}
          >
            Show more
          </Button>
        </Center>
      )}
    </Card>
  )
}
