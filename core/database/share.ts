/**
 * Lets many wait for the same work: whoever asks gets a run that begins after that, together with all who ask before
 * it begins. Runs follow one another. When one fails, it has failed for all who ask from then on.
 */
export function share(run: () => Promise<void>): () => Promise<void> {
  let running = Promise.resolve()
  let next: Promise<void> | undefined
  return () => {
    next ??= running.then(() => {
      next = undefined
      running = run()
      return running
    })
    return next
  }
}
