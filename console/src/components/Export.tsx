import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { type Call, client, problemOf } from '../api.ts'
import { IconDownload } from './icons.tsx'

/** The most that is exported at once: a page is not the tool for more. */
const most = 10_000

interface ExportProps {
  name: string
  read: (
    client: Parameters<Call>[0],
    cursor: { cursor?: string }
  ) => Promise<{ rows: unknown[]; next_cursor: string | null }>
}

/** Saves all of a list as a file of JSON lines, read page by page. */
export function Export({ name, read }: ExportProps) {
  const act = useMutation({
    mutationFn: async () => {
      const all: unknown[] = []
      let cursor: string | null = null
      do {
        const page: Awaited<ReturnType<typeof read>> = await read(client, cursor === null ? {} : { cursor })
        all.push(...page.rows)
        cursor = page.next_cursor
      } while (cursor !== null && all.length < most)
      return { all, isCut: cursor !== null }
    },
    onSuccess: ({ all, isCut }) => {
      save(`${name}.jsonl`, all.map((row) => `${JSON.stringify(row)}\n`).join(''))
      notifications.show({
        color: isCut ? 'orange' : 'teal',
        message: isCut
          ? `The newest ${all.length} are saved; narrow the filters, or use the API, for more`
          : `${all.length} saved`
      })
    },
    onError: (error) =>
      notifications.show({ color: 'red', message: problemOf(error)?.detail ?? 'The service does not answer' })
  })
  return (
    <Button
      variant="default"
      leftSection={<IconDownload />}
      loading={act.isPending}
      onClick={() => act.mutate()}
    >
      Export
    </Button>
  )
}

function save(name: string, text: string) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/jsonl' }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
