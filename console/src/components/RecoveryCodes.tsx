import { Button, Code, CopyButton, Group, Modal, Stack, Text } from '@mantine/core'

interface RecoveryCodesProps {
  /** Undefined where there are none to show. */
  codes: string[] | undefined
  onDone: () => void
}

/** Recovery codes, which are shown once: until whoever they are for says that they are kept. */
export const RecoveryCodes = ({ codes, onDone }: RecoveryCodesProps) => (
  <Modal
    opened={codes !== undefined}
    onClose={onDone}
    closeOnClickOutside={false}
    closeOnEscape={false}
    title={<Text fw={650}>Your recovery codes</Text>}
  >
    {codes && <Codes codes={codes} onDone={onDone} />}
  </Modal>
)

function Codes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const text = codes.join('\n')
  return (
    <Stack>
      <Text size="sm">
        Each signs you in once when your app or passkey is lost. They are shown this once: keep them where you
        find them without your phone.
      </Text>
      <Code block className="curl" aria-label="Recovery codes" tabIndex={0}>
        {text}
      </Code>
      <Group justify="space-between">
        <Group gap="xs">
          <CopyButton value={text}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
          <Button
            variant="default"
            component="a"
            download="recovery-codes.txt"
            href={`data:text/plain,${encodeURIComponent(`${text}\n`)}`}
          >
            Download
          </Button>
        </Group>
        <Button onClick={onDone}>I have kept them</Button>
      </Group>
    </Stack>
  )
}
