import { Checkbox, NumberInput, SimpleGrid, TagsInput, Text, TextInput } from '@mantine/core'
import type { ApiKey } from '../../../client/src/index.ts'
import type { Permission } from '../queries.ts'

/** What of a key is chosen, when it is made and later. */
export type KeyChoice = Pick<ApiKey, 'name' | 'permissions' | 'allowed_networks' | 'requests_per_minute'>

interface KeyFieldsProps {
  value: KeyChoice
  onChange: (part: Partial<KeyChoice>) => void
  /** What its owner's role has. */
  offered: readonly Permission[]
  readOnly?: boolean
}

/** Asks what a key is called, what it may do, from where and how often. */
export function KeyFields({ value, onChange, offered, readOnly = false }: KeyFieldsProps) {
  // What the role has lost meanwhile can be taken off the key too.
  const known = inOrder([...offered, ...value.permissions])
  return (
    <>
      <TextInput
        label="Name"
        description="What the key is for"
        autoComplete="off"
        maxLength={100}
        readOnly={readOnly}
        data-autofocus
        value={value.name}
        onChange={({ currentTarget }) => onChange({ name: currentTarget.value })}
      />
      <Checkbox.Group
        label="Permissions"
        description="What it may do, as long as the role of its owner allows it"
        value={value.permissions}
        onChange={(chosen) => onChange({ permissions: known.filter((name) => chosen.includes(name)) })}
      >
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" mt="xs">
          {known.map((name) => (
            <Checkbox
              key={name}
              value={name}
              label={name}
              disabled={readOnly}
              {...(!offered.includes(name) && { description: 'Not of the role any more' })}
            />
          ))}
        </SimpleGrid>
        {known.length === 0 && (
          <Text size="sm" mt="xs">
            The role has none: the key may do what needs no permission.
          </Text>
        )}
      </Checkbox.Group>
      <TagsInput
        label="Networks"
        description="From which it may be used; from anywhere when there are none"
        placeholder={value.allowed_networks.length === 0 ? '203.0.113.0/24' : ''}
        readOnly={readOnly}
        acceptValueOnBlur
        maxTags={50}
        value={value.allowed_networks}
        onChange={(allowed_networks) => onChange({ allowed_networks })}
      />
      <NumberInput
        label="Calls a minute"
        description="In addition to the limits of its owner; as often as these allow when it is empty"
        readOnly={readOnly}
        min={1}
        max={1_000_000}
        allowDecimal={false}
        clampBehavior="strict"
        value={value.requests_per_minute ?? ''}
        onChange={(next) => onChange({ requests_per_minute: Number(next) || null })}
      />
    </>
  )
}

/** Permissions, each once and in one order, so that the same ones are the same. */
export const inOrder = (permissions: Permission[]) => [...new Set(permissions)].sort()
