import {
  ActionIcon,
  AppShell,
  Burger,
  Button,
  Group,
  NavLink,
  ScrollArea,
  Stack,
  Text,
  useComputedColorScheme,
  useMantineColorScheme
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { type ReactNode, useEffect } from 'react'
import { Link, useLocation } from 'wouter'
import type { Me } from '../../../client/src/index.ts'
import { gatehouse } from '../api.ts'
import { screens } from '../screens.ts'
import { Banner } from './Banner.tsx'
import { IconBook, IconLeave, IconMoon, IconSun, Mark } from './icons.tsx'
import { Offline } from './Offline.tsx'
import { RecoveryCodes } from './RecoveryCodes.tsx'
import { StepUp } from './StepUp.tsx'

/** Whether this account sees a screen. */
export const sees = (me: Me, { permission }: (typeof screens)[number]) =>
  !me.mfa_enrolment_needed && (permission === undefined || me.permissions.includes(permission))

function SchemeButton() {
  const { setColorScheme } = useMantineColorScheme()
  const isDark = useComputedColorScheme('light') === 'dark'
  return (
    <ActionIcon
      variant="default"
      size="lg"
      aria-label={isDark ? 'Light colours' : 'Dark colours'}
      onClick={() => setColorScheme(isDark ? 'light' : 'dark')}
    >
      {isDark ? <IconSun /> : <IconMoon />}
    </ActionIcon>
  )
}

const Name = () => (
  <Group gap="xs">
    <Mark />
    <Text fw={700} size="lg">
      Gatehouse
    </Text>
  </Group>
)

/** What is around every screen: where one is, who one is, and the way out. */
export function Shell({ me, children }: { me: Me; children: ReactNode }) {
  const [isOpen, { toggle, close }] = useDisclosure(false)
  const [path] = useLocation()
  useEffect(() => close(), [path, close])
  return (
    <AppShell
      layout="alt"
      header={{ height: { base: 56, sm: 0 } }}
      navbar={{ width: 236, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding={{ base: 'md', sm: 'xl' }}
    >
      <a className="skip" href="#content" onClick={(event) => skipToContent(event)}>
        Skip to content
      </a>
      <AppShell.Header hiddenFrom="sm" px="md">
        <Group h="100%" justify="space-between">
          <Name />
          <Burger opened={isOpen} onClick={toggle} aria-label="Menu" size="sm" />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="md" aria-label="Screens">
        <Group justify="space-between" mb="lg" px={6}>
          <Name />
          <Burger opened onClick={close} aria-label="Close the menu" size="sm" hiddenFrom="sm" />
        </Group>
        <AppShell.Section grow component={ScrollArea}>
          {screens
            .filter((screen) => sees(me, screen))
            .map(({ path: to, label, icon: Icon }) => {
              const isHere = path === to || path.startsWith(`${to}/`)
              return (
                <NavLink
                  key={to}
                  component={Link}
                  href={to}
                  label={label}
                  leftSection={<Icon />}
                  active={isHere}
                  aria-current={isHere ? 'page' : undefined}
                  style={{ borderRadius: 'var(--mantine-radius-md)' }}
                />
              )
            })}
        </AppShell.Section>
        <AppShell.Section>
          <Stack gap="sm">
            <NavLink
              href="../documentation"
              label="API documentation"
              leftSection={<IconBook />}
              style={{ borderRadius: 'var(--mantine-radius-md)' }}
            />
            <Group justify="space-between" wrap="nowrap" px={6}>
              <div style={{ minWidth: 0 }}>
                <Text size="sm" fw={600} truncate>
                  {me.username}
                </Text>
                <Text size="xs" c="dimmed" truncate>
                  {me.role}
                </Text>
              </div>
              <SchemeButton />
            </Group>
            <Button
              variant="default"
              leftSection={<IconLeave />}
              onClick={() => void gatehouse.logout().catch(() => undefined)}
            >
              Sign out
            </Button>
          </Stack>
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <Banner />
        {children}
      </AppShell.Main>
      <StepUp />
      <RecoveryCodes />
      <Offline />
    </AppShell>
  )
}

/** The hash is where the page is, so that the link must not become one. */
function skipToContent(event: { preventDefault: () => void }) {
  event.preventDefault()
  document.getElementById('content')?.focus()
}
