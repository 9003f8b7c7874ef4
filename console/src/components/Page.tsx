import { Anchor, Box, Group, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect, useRef } from 'react'
import { Link } from 'wouter'
import { IconBack } from './icons.tsx'

interface PageProps {
  title: string
  /** What stands beside the title, such as a status. */
  beside?: ReactNode
  explains?: ReactNode
  /** The list that this is one of. */
  back?: { href: string; label: string }
  acts?: ReactNode
  children: ReactNode
}

/** A screen: its title gets the focus when it opens, for those who hear it. */
export function Page({ title, beside, explains, back, acts, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Gatehouse`
  }, [title])
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])
  return (
    <Stack gap="lg" maw={1180} mx="auto">
      <Group justify="space-between" gap="sm" mih={64}>
        <Box>
          {back && (
            <Anchor component={Link} href={back.href} size="sm" c="dimmed">
              <Group gap={2} component="span" display="inline-flex">
                <IconBack size={14} /> {back.label}
              </Group>
            </Anchor>
          )}
          <Group gap="sm">
            <Title order={1} ref={heading} tabIndex={-1}>
              {title}
            </Title>
            {beside}
          </Group>
          {explains && (
            <Text c="dimmed" size="sm">
              {explains}
            </Text>
          )}
        </Box>
        <Group gap="xs">{acts}</Group>
      </Group>
      {children}
    </Stack>
  )
}
