import { Button, Code, CopyButton, Group, Modal, Stack, Text } from '@mantine/core'
import { session } from '../api.ts'
import { Store, useStore } from '../store.ts'

/** Recovery codes that nobody has said are kept; undefined where there are none to show. */
export const newCodes = new Store<string[] | undefined>(undefined)

const forget = () => newCodes.set(undefined)

// Nothing of one account is shown to the next.
session.subscribe(forget)

/** Shows recovery codes, which is done once: over whatever screen is there by then, until they are kept. */
export function RecoveryCodes() {
  const codes = useStore(newCodes)
  return (
    <Modal
      opened={codes !== undefined}
      onClose={forget}
      closeOnClickOutside={false}
      closeOnEscape={false}
      title={<Text fw={650}>Your recovery codes</Text>}
    >
      {codes && <Codes codes={codes} />}
    </Modal>
  )
}

function Codes({ codes }: { codes: string[] }) {
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
        <Button onClick={forget}>I have kept them</Button>
      </Group>
    </Stack>
  )
}
