import type { Problem } from './generated/types.gen.js'

/** What a failed call throws: the server's problem (RFC 9457), with the answer that it came in. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly problem: Problem
  readonly response: Response

  constructor(problem: Problem, response: Response) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`)
    this.problem = problem
    this.response = response
  }
}

/** Whether a body is a problem. */
export const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'code' in value && 'request_id' in value

/** Whether an answer wants a proof of who somebody is that is more recent (RFC 9470). */
export async function wantsProof(response: Response): Promise<boolean> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined)
  return isProblem(body) && body.code === 'REAUTHENTICATION_NEEDED'
}
