const signals = ['SIGTERM', 'SIGINT'] as const

interface Waiting {
  /** How long a signal is held back. */
  delay: number
  /** For how long after the first one another counts as the same. */
  deaf: number
}

/**
 * Holds the signals that end a process back for so many milliseconds, or until another one comes: `coming` hears of the
 * first at once, whoever listened for them until now when the time is over. Answers what takes this back.
 */
export function delaySignals({ delay, deaf }: Waiting, coming: () => void): () => void {
  let began = 0
  const heirs = new Map(signals.map((signal) => [signal, process.listeners(signal)]))
  let release: (() => void) | undefined
  const arrive = (signal: NodeJS.Signals) => {
    if (release) {
      if (performance.now() - began >= deaf) release()
      return
    }
    began = performance.now()
    coming()
    const timer = setTimeout(() => release?.(), delay)
    release = () => {
      clearTimeout(timer)
      takeBack()
      process.kill(process.pid, signal)
    }
  }
  const takeBack = () => {
    for (const [signal, listeners] of heirs) {
      process.off(signal, arrive)
      for (const listener of listeners) process.once(signal, listener)
    }
    heirs.clear()
  }
  for (const signal of signals) process.removeAllListeners(signal).on(signal, arrive)
  return takeBack
}
