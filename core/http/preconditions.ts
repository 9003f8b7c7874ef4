import type { FastifyRequest } from 'fastify'
import { defineProblem } from '../problems/define.ts'
import { namesState } from './entity-tags.ts'

export const PreconditionRequired = defineProblem('PRECONDITION_REQUIRED', 428, 'If-Match needed', {
  detail: 'Send the ETag that you read as If-Match.',
  about:
    'A change has to name the state that it is meant for, so that nobody overwrites what they have not seen (RFC 6585, section 3).'
})

export const PreconditionFailed = defineProblem('PRECONDITION_FAILED', 412, 'Changed meanwhile', {
  detail: 'It was changed since you read it. Read it again, then decide.',
  about: 'The If-Match header names another state than the present one. Nothing was changed.'
})

/**
 * Lets a request pass whose If-Match names this entity tag, a list or `*` (RFC 9110, section 13.1.1), or that has none.
 * @throws PreconditionFailed for another state
 */
export function allowMatch({ headers }: FastifyRequest, etag: string) {
  const header = headers['if-match']
  if (header === undefined || header.trim() === '*' || namesState(header, etag)) return
  throw new PreconditionFailed()
}

/**
 * Lets a request pass whose If-Match names this entity tag.
 * @throws PreconditionRequired without the header, PreconditionFailed for another state
 */
export function requireMatch(request: FastifyRequest, etag: string) {
  if (request.headers['if-match'] === undefined) throw new PreconditionRequired()
  allowMatch(request, etag)
}
