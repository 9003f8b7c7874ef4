import { TextInput } from '@mantine/core'

/** The proof that was typed: six digits are the code of an app, all else is a recovery code. */
export function proofOf(text: string) {
  const code = text.replaceAll(' ', '')
  return /^\d{6}$/.test(code) ? { code } : { recovery_code: text }
}

interface CodeInputProps {
  value: string
  onChange: (value: string) => void
}

/** Asks for the second factor. */
export const CodeInput = ({ value, onChange }: CodeInputProps) => (
  <TextInput
    label="Code"
    description="What your authenticator app shows, or one of your recovery codes"
    autoComplete="one-time-code"
    spellCheck={false}
    maxLength={60}
    autoFocus
    data-autofocus
    value={value}
    onChange={({ currentTarget }) => onChange(currentTarget.value)}
  />
)
