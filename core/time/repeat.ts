/** When work is done again. */
interface Pace {
  /** Milliseconds before the first time. */
  first: number
  /** Milliseconds from the end of one time to the next. */
  every: number
}

/**
 * Runs `work` again and again, each time up to a fifth later than said, so that processes do not come all at once. Answers
 * what stops it, which waits for what is under way.
 */
export function repeat(work: () => Promise<void>, { first, every }: Pace): () => Promise<void> {
  let running = Promise.resolve()
  let timer: NodeJS.Timeout
  const next = (delay: number) => {
    const jittered = delay * (1 + Math.random() / 5)
    timer = setTimeout(() => {
      running = work().finally(() => next(every))
    }, jittered).unref()
  }
  next(first)
  return async () => {
    clearTimeout(timer)
    await running
    clearTimeout(timer)
  }
}
