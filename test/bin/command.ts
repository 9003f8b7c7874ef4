import type { Test } from 'tap'
import { argumentsOf, run, temporaryFolder } from '../process.ts'

interface Tool {
  /** Its script in package.json. */
  script: string
  /** Where it runs: a fresh folder unless given, so that no `.env` of a developer counts. */
  cwd?: string
}

/** Runs a tool as its script does; answers its exit code and all that it printed. */
export async function command(t: Test, env: Record<string, string>, tool: string | Tool, ...args: string[]) {
  const { script, cwd = temporaryFolder(t) }: Tool = typeof tool === 'string' ? { script: tool } : tool
  const running = run(t, process.execPath, [...argumentsOf(script), ...args], { cwd, env })
  const { code } = await running.exited
  return { code, output: running.output() }
}
