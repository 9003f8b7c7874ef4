import { TextInput, type TextInputProps } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useState } from 'react'

interface FilterInputProps extends Omit<TextInputProps, 'value' | 'onChange'> {
  value: string
  onChange: (value: string) => void
}

/** A filter that counts a moment after it was typed. */
export function FilterInput({ value, onChange, ...props }: FilterInputProps) {
  // What is typed, and the value that it began with: something else may change that.
  const [typed, setTyped] = useState({ from: value, text: value })
  const settle = useDebouncedCallback(onChange, 200)
  return (
    <TextInput
      flex={1}
      miw={130}
      maxLength={60}
      spellCheck={false}
      {...props}
      value={typed.from === value ? typed.text : value}
      onChange={({ currentTarget }) => {
        setTyped({ from: value, text: currentTarget.value })
        settle(currentTarget.value)
      }}
    />
  )
}
