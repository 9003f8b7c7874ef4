/** A boot that was refused for its configuration; it prints as its message alone. */
export class ConfigError extends Error {
  constructor(problems: string[]) {
    super(`The configuration is refused:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.name = 'ConfigError'
    this.stack = this.message
  }
}
