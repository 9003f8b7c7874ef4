import { Button, Group, Input, PasswordInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useId } from 'react'

const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789'

/** A password that can be read out: four groups of five, 100 bits. */
function generate() {
  const bytes = crypto.getRandomValues(new Uint8Array(20))
  const letters = [...bytes].map((byte) => alphabet.charAt(byte % 32))
  return [0, 5, 10, 15].map((at) => letters.slice(at, at + 5).join('')).join('-')
}

interface NewPasswordProps {
  label?: string
  value: string
  onChange: (value: string) => void
  autoFocus?: boolean
}

/** Asks for a password that is to be set, or makes one and shows it, to be passed on. */
export function NewPassword({ label = 'Password', value, onChange, autoFocus }: NewPasswordProps) {
  const id = useId()
  const [isShown, shown] = useDisclosure(false)
  return (
    <Input.Wrapper
      label={label}
      description="At least 8 characters; one that everybody uses is refused."
      labelProps={{ htmlFor: id }}
    >
      <Group gap="xs" mt={6} wrap="nowrap">
        <PasswordInput
          id={id}
          flex={1}
          autoComplete="new-password"
          autoFocus={autoFocus ?? false}
          data-autofocus={autoFocus || undefined}
          visible={isShown}
          onVisibilityChange={shown.toggle}
          value={value}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        />
        <Button
          variant="default"
          onClick={() => {
            onChange(generate())
            shown.open()
          }}
        >
          Make one
        </Button>
      </Group>
    </Input.Wrapper>
  )
}
