import { Alert } from '@mantine/core'
import { getIndex } from '../../../client/src/index.ts'
import { useAnswer } from '../queries.ts'

const colors = { info: 'gate', warning: 'orange', danger: 'red' }

/** What an operator tells everybody. */
export function Banner() {
  const { data } = useAnswer(
    ['banner'],
    async (client) => (await getIndex({ client, throwOnError: true })).data.banner,
    { refetchInterval: 60_000 }
  )
  if (!data) return null
  return (
    <Alert color={colors[data.level]} mb="lg" maw={1180} mx="auto" role="status">
      {data.text}
    </Alert>
  )
}
