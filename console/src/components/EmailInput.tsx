import { TextInput } from '@mantine/core'

interface EmailInputProps {
  /** Whether it is one's own, which the browser may know. */
  own?: boolean
  value: string
  onChange: (value: string) => void
}

/** Asks for an address of mail. */
export const EmailInput = ({ own = false, value, onChange }: EmailInputProps) => (
  <TextInput
    label="Address"
    type="email"
    autoComplete={own ? 'email' : 'off'}
    spellCheck={false}
    maxLength={254}
    data-autofocus
    value={value}
    onChange={({ currentTarget }) => onChange(currentTarget.value)}
  />
)
