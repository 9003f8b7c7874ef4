import { Anchor, Button, Card, Center, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'
import { Banner } from './Banner.tsx'
import { Mark } from './icons.tsx'
import { Offline } from './Offline.tsx'

interface GateProps {
  title: string
  /** What the tab of the browser says, when that is not the title. */
  tab?: string
  explains: ReactNode
  children: ReactNode
  /** Where else one may go. */
  elsewhere?: ReactNode
}

/** A page for everybody, signed in or not: one thing to do, in the middle. */
export function Gate({ title, tab = title, explains, children, elsewhere }: GateProps) {
  useEffect(() => {
    document.title = `${tab} · Gatehouse`
  }, [tab])
  return (
    <Center mih="100vh" p="md" component="main">
      <Stack w="100%" maw={400} gap="lg">
        <Banner />
        <Stack align="center" gap="xs">
          <Mark size={52} />
          <Title order={1} ta="center">
            {title}
          </Title>
          <Text c="dimmed" size="sm" ta="center">
            {explains}
          </Text>
        </Stack>
        <Card padding="xl" shadow="sm">
          {children}
        </Card>
        <Text size="sm" ta="center">
          {elsewhere ?? <Anchor href="#/">To the console</Anchor>}
        </Text>
      </Stack>
      <Offline />
    </Center>
  )
}

/** What has come of it, and the way on: nobody is signed in by a link. */
export const Done = ({ children }: { children: ReactNode }) => (
  <Stack>
    <Text size="sm" role="status">
      {children}
    </Text>
    <Button component="a" href="#/" fullWidth>
      Go on
    </Button>
  </Stack>
)

/** The page of a link without what the link brings: it is kept nowhere, so a reload has lost it. */
export const NoToken = () => (
  <Gate title="Open the link again" explains="This page is nothing without the link in the mail.">
    <Text size="sm">
      The link is kept nowhere here. As long as it has not been used it is good: open it in the mail once
      more.
    </Text>
  </Gate>
)
