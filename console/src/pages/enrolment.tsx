import { SimpleGrid } from '@mantine/core'
import type { Me } from '../../../client/src/index.ts'
import { Factors } from '../components/Factors.tsx'
import { Page } from '../components/Page.tsx'
import { Passkeys } from '../components/Passkeys.tsx'

/** Stands in the place of every screen for whoever lacks the second factor that their role needs. */
export const EnrolmentPage = ({ me: { role } }: { me: Me }) => (
  <Page
    title="A second factor is needed"
    explains={`The role ${role} needs one, and your account has none. Add an authenticator app or a passkey: then you go on to where you were going.`}
  >
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
      <Factors />
      <Passkeys />
    </SimpleGrid>
  </Page>
)
