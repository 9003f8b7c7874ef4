import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

/** The blue of the mark. */
const gate: MantineColorsTuple = [
  '#eef1ff',
  '#dce1fb',
  '#b6c0f2',
  '#8f9dea',
  '#6d7fe3',
  '#586cdf',
  '#4c5fd5',
  '#3d4fc0',
  '#3546ac',
  '#2a3a98'
]

/** A dark with a little blue in it. */
const dark: MantineColorsTuple = [
  '#d5d8e2',
  '#b3b8c7',
  '#969db0',
  '#6c7387',
  '#454b5e',
  '#333848',
  '#272c3a',
  '#1d212d',
  '#161923',
  '#101219'
]

export const theme = createTheme({
  colors: { gate, dark },
  primaryColor: 'gate',
  primaryShade: { light: 6, dark: 5 },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily: 'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: { fontWeight: '650', sizes: { h1: { fontSize: '1.5rem' }, h2: { fontSize: '1.05rem' } } },
  components: {
    SegmentedControl: { defaultProps: { transitionDuration: 0 } },
    Button: { styles: { root: { flexShrink: 0 } } },
    Table: {
      defaultProps: { verticalSpacing: 'sm', horizontalSpacing: 'lg', highlightOnHoverColor: 'var(--hover)' }
    },
    Card: { defaultProps: { withBorder: true, padding: 'lg', bg: 'var(--mantine-color-body)' } },
    Drawer: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    Modal: {
      defaultProps: {
        closeButtonProps: { 'aria-label': 'Close' },
        centered: true,
        overlayProps: { backgroundOpacity: 0.45, blur: 2 }
      }
    },
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    Badge: { defaultProps: { variant: 'light', radius: 'sm', tt: 'none' } }
  }
})

const tinted = ['gate', 'teal', 'red', 'orange', 'gray']

/** Quiet tints for what is said in colour, dark enough to read on them. */
const tints = (strength: number, ground: string, shade: number) =>
  Object.fromEntries(
    tinted.flatMap((name) => {
      const color = `var(--mantine-color-${name}-6)`
      return [
        [`--mantine-color-${name}-light`, `color-mix(in srgb, ${color} ${strength}%, ${ground})`],
        [`--mantine-color-${name}-light-hover`, `color-mix(in srgb, ${color} ${strength + 5}%, ${ground})`],
        [`--mantine-color-${name}-light-color`, `var(--mantine-color-${name}-${shade})`]
      ]
    })
  )

/** Read on white and on its own tint, as not even the darkest shade is. */
const orange = 'color-mix(in srgb, var(--mantine-color-orange-9) 85%, #000)'

/** White is read on it. */
const red = {
  '--mantine-color-red-filled': 'var(--mantine-color-red-9)',
  '--mantine-color-red-filled-hover': 'color-mix(in srgb, var(--mantine-color-red-9) 90%, #000)'
}

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    ...red,
    '--page': '#f6f7fa',
    '--hover': 'var(--mantine-color-gray-1)',
    '--danger': 'var(--mantine-color-red-9)',
    '--good': 'var(--mantine-color-teal-9)',
    '--warn': orange,
    '--mantine-color-dimmed': '#5c6375',
    '--mantine-color-placeholder': '#6b7284',
    ...tints(10, '#fff', 9),
    '--mantine-color-orange-light-color': orange
  },
  dark: {
    ...red,
    '--page': 'var(--mantine-color-dark-9)',
    '--hover': 'var(--mantine-color-dark-7)',
    '--danger': 'var(--mantine-color-red-4)',
    '--good': 'var(--mantine-color-teal-4)',
    '--warn': 'var(--mantine-color-orange-4)',
    '--mantine-color-body': 'var(--mantine-color-dark-8)',
    '--mantine-color-default': 'var(--mantine-color-dark-7)',
    '--mantine-color-default-border': 'var(--mantine-color-dark-5)',
    '--mantine-color-dimmed': 'var(--mantine-color-dark-2)',
    '--mantine-color-placeholder': 'var(--mantine-color-dark-2)',
    ...tints(16, 'var(--mantine-color-dark-8)', 2)
  }
})
