import {
  keepPreviousData,
  MutationCache,
  QueryCache,
  QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery
} from '@tanstack/react-query'
import { getMe, type Me } from '../../client/src/index.ts'
import { type Call, client, problemOf, session } from './api.ts'
import { isReachable } from './connection.ts'

/** What a role may allow. */
export type Permission = Me['permissions'][number]

/** Whoever is refused has perhaps lost a right, or needs a second factor by now: the menu follows. */
function onError(error: unknown) {
  if (['FORBIDDEN', 'MFA_ENROLMENT_NEEDED'].includes(problemOf(error)?.code ?? ''))
    void queries.invalidateQueries({ queryKey: ['me'] })
}

export const queries = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    // What fails is shown, with what to do about it; connection.ts looks after the service.
    queries: { retry: false, staleTime: 2_000, networkMode: 'always' },
    mutations: { retry: false, networkMode: 'always' }
  }
})

// Nothing of one account is shown to the next.
session.subscribe(() => queries.clear())
isReachable.subscribe(() => {
  if (isReachable.value) void queries.invalidateQueries()
})

interface AnswerOptions {
  enabled?: boolean
  refetchInterval?: number
  /** Whether what was answered before is shown until another question is answered. */
  keep?: boolean
}

/** What one call answers. */
export const useAnswer = <T>(key: unknown[], call: Call<T>, { keep, ...options }: AnswerOptions = {}) =>
  useQuery<T>({
    queryKey: key,
    queryFn: () => call(client),
    ...(keep && { placeholderData: keepPreviousData }),
    ...options
  })

/** A list by its keyset, a page at a time. */
export function usePages<T extends { next_cursor: string | null }>(
  key: unknown[],
  call: (client: Parameters<Call>[0], cursor: { cursor?: string }) => Promise<{ data: T }>,
  options: { refetchInterval?: number } = {}
) {
  return useInfiniteQuery({
    queryKey: key,
    queryFn: async ({ pageParam }) =>
      (await call(client, pageParam === undefined ? {} : { cursor: pageParam })).data,
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    ...options
  })
}

/** An act: sends a call, and has everything shown anew that it may have changed. */
export function useAct<T>(onDone?: (answer: T) => void) {
  return useMutation({
    mutationFn: (call: Call<T>) => call(client),
    onSuccess: (answer) => {
      onDone?.(answer)
      // After what it leads to is drawn: what has just been deleted is not asked for again.
      setTimeout(() => void queries.invalidateQueries())
    }
  })
}

/** The account that is signed in. */
export const useMe = () =>
  useAnswer(['me'], async (client) => (await getMe({ client, throwOnError: true })).data)

/** Whether the account that is signed in may do something. */
export function useMay() {
  const { data } = useMe()
  return (permission: Permission) => data?.permissions.includes(permission) ?? false
}
