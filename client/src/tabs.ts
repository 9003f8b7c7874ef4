import type { TokenPair } from './generated/types.gen.js'

/** How long the outcome of another tab's exchange is waited for once it has ended, in milliseconds. */
const patience = 500

/**
 * Makes the tabs of a browser one holder of a session in a cookie: hand `alone` and `tell` (as `onTokens`) to a Gatehouse.
 * One tab exchanges the refresh token, and `hear` gets what it got, or undefined when the session has ended, in the others.
 * Nothing is stored. On plain HTTP there are no locks: then it is for the server that two tabs may send the same token.
 */
export function shareBetweenTabs(name: string, hear: (tokens: TokenPair | undefined) => void) {
  const channel = new BroadcastChannel(name)
  const waiting = new Set<() => void>()
  channel.onmessage = ({ data }: MessageEvent<TokenPair | undefined>) => {
    hear(data)
    for (const resolve of waiting) resolve()
    waiting.clear()
  }
  const heard = () => new Promise<void>((resolve) => void waiting.add(resolve))
  const pause = () => new Promise<void>((resolve) => void setTimeout(resolve, patience))
  // Only pages that came over TLS have it, whatever its type says.
  const locks = navigator.locks as LockManager | undefined

  return {
    tell: (tokens: TokenPair | undefined) => channel.postMessage(tokens),

    async alone(work: () => Promise<void>): Promise<void> {
      if (!locks) return work()
      const isDone = await locks.request(name, { ifAvailable: true }, async (lock) => {
        if (lock) await work()
        return lock !== null
      })
      if (isDone) return
      // Another tab is at it; what it tells may arrive a moment after it has let go.
      const outcome = heard()
      await locks.request(name, () => Promise.race([outcome, pause()]))
      await locks.request(name, work)
    }
  }
}
