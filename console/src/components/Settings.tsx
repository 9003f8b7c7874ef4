import {
  Badge,
  Card,
  Group,
  NumberInput,
  SegmentedControl,
  Select,
  SimpleGrid,
  Skeleton,
  Stack,
  Switch,
  TagsInput,
  Text,
  TextInput,
  Title
} from '@mantine/core'
import type { ReactNode } from 'react'
import { getSetting, type Setting, type SettingChange, updateSetting } from '../../../client/src/index.ts'
import type { Call } from '../api.ts'
import { useAnswer, useMay } from '../queries.ts'
import { Act } from './Act.tsx'
import { Edit, type Versioned, versioned } from './Edit.tsx'
import { Failure } from './Failure.tsx'

type Name = Setting['name']
type Values = { [S in Setting as S['name']]: S['value'] }
type Value<N extends Name> = Values[N]

interface FieldProps<N extends Name> {
  value: Value<N>
  onChange: (value: Value<N>) => void
  readOnly: boolean
}

const levels: { value: NonNullable<Values['banner']>['level']; label: string }[] = [
  { value: 'info', label: 'Information' },
  { value: 'warning', label: 'Warning' },
  { value: 'danger', label: 'Danger' }
]

/** What can be changed while the service runs, in force on every instance within a second. The first are for bad days. */
export const Settings = () => (
  <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg">
    <SettingCard
      name="read_only"
      title="Read-only mode"
      explains="Whatever writes is answered with 503, but for signing in and out and these settings."
      field={({ value, onChange, readOnly }) => (
        <Switch
          label={value ? 'Nothing is written' : 'Reads and writes'}
          aria-label="Read-only mode"
          checked={value}
          disabled={readOnly}
          onChange={({ currentTarget }) => onChange(currentTarget.checked)}
        />
      )}
    />
    <SettingCard
      name="blocked_networks"
      title="Blocked networks"
      explains="Addresses and networks that get a 403 and nothing else. Loopback never is, nor are you."
      field={({ value, onChange, readOnly }) => (
        <TagsInput
          aria-label="Blocked networks"
          placeholder={value.length === 0 ? '203.0.113.0/24' : ''}
          readOnly={readOnly}
          acceptValueOnBlur
          maxTags={500}
          value={value}
          onChange={onChange}
        />
      )}
    />
    <SettingCard
      name="rate_limit_default"
      title="Default limit"
      explains="Calls a minute per account, or per address when signed out, where a route has no limit of its own."
      field={({ value, onChange, readOnly }) => (
        <NumberInput
          aria-label="Default limit"
          readOnly={readOnly}
          min={10}
          max={1_000_000_000}
          allowDecimal={false}
          thousandSeparator=" "
          value={value}
          onChange={(next) => onChange(Number(next) || 10)}
        />
      )}
    />
    <SettingCard
      name="registration"
      title="Registration"
      explains="Whether anybody may make an account for themselves."
      field={({ value, onChange, readOnly }) => (
        <SegmentedControl
          aria-label="Registration"
          readOnly={readOnly}
          value={value}
          onChange={(next) => onChange(next)}
          data={[
            { value: 'open', label: 'Open' },
            { value: 'closed', label: 'Closed' }
          ]}
        />
      )}
    />
    <SettingCard
      name="banner"
      title="Banner"
      explains="What everybody is told who opens the console."
      field={({ value, onChange, readOnly }) => (
        <Stack gap="xs">
          <TextInput
            aria-label="Banner"
            placeholder="Nothing"
            readOnly={readOnly}
            maxLength={500}
            value={value?.text ?? ''}
            onChange={({ currentTarget: { value: text } }) =>
              onChange(text === '' ? null : { level: 'info', ...value, text })
            }
          />
          <Select
            aria-label="Level of the banner"
            allowDeselect={false}
            disabled={value === null}
            readOnly={readOnly}
            data={levels}
            value={value?.level ?? 'info'}
            onChange={(level) => value && level && onChange({ ...value, level })}
          />
        </Stack>
      )}
    />
  </SimpleGrid>
)

const read =
  <N extends Name>(name: N): Call<Versioned<Extract<Setting, { name: N }>>> =>
  async (client) => {
    const { data, response } = await getSetting({ client, path: { name }, throwOnError: true })
    return versioned({ data: data as Extract<Setting, { name: N }>, response })
  }

/** The call that changes a setting; null is its default again. */
const change =
  (name: Name, value: SettingChange['value'], etag: string): Call =>
  (client) =>
    updateSetting({
      client,
      path: { name },
      body: { value },
      headers: { 'if-match': etag },
      throwOnError: true
    })

interface SettingCardProps<N extends Name> {
  name: N
  title: string
  /** What it does. */
  explains: string
  /** What it is edited by. */
  field: (props: FieldProps<N>) => ReactNode
}

function SettingCard<N extends Name>({ name, title, explains, field }: SettingCardProps<N>) {
  const may = useMay()
  const { data, error, refetch } = useAnswer(['settings', name], read(name))
  const isFixed = data?.value.fixed ?? false
  const readOnly = isFixed || !may('system:write')
  return (
    <Card>
      <Group justify="space-between" wrap="nowrap">
        <Title order={2}>{title}</Title>
        {data && <Source source={data.value.source} />}
      </Group>
      <Text size="sm" c="dimmed" mb="md">
        {explains}
        {isFixed && ' A variable of the environment says it; unset that to change it here.'}
      </Text>
      <Failure error={error} retry={() => void refetch()} />
      {!data && !error && <Skeleton height={84} />}
      {data && (
        <Edit<{ value: Value<N> }>
          current={{ value: { value: data.value.value as Value<N> }, etag: data.etag }}
          disabled={readOnly}
          save={(next, etag) => change(name, next.value ?? null, etag)}
          done={`${title}: in force everywhere within a second`}
          fields={({ value }, set) => field({ value, readOnly, onChange: (next) => set({ value: next }) })}
          more={
            data.value.source === 'setting' &&
            !readOnly && (
              <Act
                label="Back to the default"
                question={`${title}: back to the default?`}
                call={change(name, null, data.etag)}
                done={`${title} is as by default`}
                button={{ size: 'compact-sm', variant: 'subtle' }}
              />
            )
          }
        />
      )}
    </Card>
  )
}

const Source = ({ source }: Pick<Setting, 'source'>) => (
  <Badge color={source === 'default' ? 'gray' : 'gate'}>
    {{ default: 'default', setting: 'set here', environment: 'environment' }[source]}
  </Badge>
)
