import { Select } from '@mantine/core'
import type { Me } from '../../../client/src/index.ts'

type Locale = Me['locale']

const names: Record<Locale, string> = { en: 'English', de: 'Deutsch' }

interface LocaleSelectProps {
  value: Locale
  onChange: (value: Locale) => void
}

/** The language of mails. */
export const LocaleSelect = ({ value, onChange }: LocaleSelectProps) => (
  <Select
    label="Language of mails"
    allowDeselect={false}
    data={Object.entries(names).map(([locale, label]) => ({ value: locale, label }))}
    value={value}
    onChange={(next) => next && onChange(next as Locale)}
  />
)
