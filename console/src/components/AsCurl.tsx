import { ActionIcon, Button, Code, CopyButton, Group, Popover, Stack, Text, Tooltip } from '@mantine/core'
import { useEffect, useState } from 'react'
import { type Call, curlOf } from '../api.ts'
import { IconTerminal } from './icons.tsx'

/** The command that does what a call does. */
export function Curl({ call }: { call: Call }) {
  const [text, setText] = useState('')
  useEffect(() => {
    let isCurrent = true
    void curlOf(call).then((command) => isCurrent && setText(command))
    return () => {
      isCurrent = false
    }
  }, [call])
  return (
    <Stack gap={6}>
      <Code block className="curl" tabIndex={0} aria-label="The same as a command">
        {text}
      </Code>
      <Group justify="space-between" gap="xs">
        <Text size="xs" c="dimmed">
          {text.includes('$TOKEN') && 'With an access token in $TOKEN.'}
        </Text>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button size="compact-xs" variant="subtle" onClick={copy}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </Group>
    </Stack>
  )
}

/** A button that shows what is on the page as a command. */
export function AsCurl({ call }: { call: Call }) {
  return (
    <Popover width={440} position="bottom-end" shadow="md" trapFocus withinPortal>
      <Popover.Target>
        <Tooltip label="As curl">
          <ActionIcon variant="default" size="lg" aria-label="Show as curl">
            <IconTerminal />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown maw="calc(100vw - 2rem)">
        <Curl call={call} />
      </Popover.Dropdown>
    </Popover>
  )
}
