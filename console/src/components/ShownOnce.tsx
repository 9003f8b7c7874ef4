import { Button, Code, CopyButton, Group, Modal, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'

interface ShownOnceProps {
  title: string
  explains: ReactNode
  /** What the secret is. */
  label: string
  /** Undefined where there is none to show. */
  secret: string | undefined
  /** The name of the file that it is saved as. */
  file: string
  /** What whoever it is for says at the end. */
  kept: string
  onDone: () => void
}

/** A secret that is shown once: until whoever it is for says that it is kept. */
export const ShownOnce = ({ title, explains, label, secret, file, kept, onDone }: ShownOnceProps) => (
  <Modal
    opened={secret !== undefined}
    onClose={onDone}
    closeOnClickOutside={false}
    closeOnEscape={false}
    title={<Text fw={650}>{title}</Text>}
  >
    {secret !== undefined && (
      <Stack>
        <Text size="sm">{explains}</Text>
        <Code block className="curl" aria-label={label} tabIndex={0}>
          {secret}
        </Code>
        <Group justify="space-between">
          <Group gap="xs">
            <CopyButton value={secret}>
              {({ copied, copy }) => (
                <Button variant="default" onClick={copy} data-autofocus>
                  {copied ? 'Copied' : 'Copy'}
                </Button>
              )}
            </CopyButton>
            <Button
              variant="default"
              component="a"
              download={file}
              href={`data:text/plain,${encodeURIComponent(`${secret}\n`)}`}
            >
              Download
            </Button>
          </Group>
          <Button onClick={onDone}>{kept}</Button>
        </Group>
      </Stack>
    )}
  </Modal>
)
