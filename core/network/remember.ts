/** Remembers what `read` answered for a text, for so many texts at once: some are asked for with every request. */
export function remember<T>(most: number, read: (text: string) => T): (text: string) => T {
  const kept = new Map<string, T>()
  return (text) => {
    const known = kept.get(text)
    if (known !== undefined) return known
    const value = read(text)
    if (kept.size >= most) kept.clear()
    kept.set(text, value)
    return value
  }
}
