/** The operations that are done once for each Idempotency-Key: made by `npm run openapi`. */
export const repeatable: readonly (readonly [method: string, path: RegExp])[] = [
  ['POST', /^\/invitations$/],
  ['POST', /^\/mail\/test$/],
  ['PATCH', /^\/me$/],
  ['POST', /^\/me\/keys$/],
  ['PATCH', /^\/me\/keys\/[^/]+$/],
  ['POST', /^\/me\/keys\/[^/]+\/rotation$/],
  ['POST', /^\/register$/],
  ['POST', /^\/roles$/],
  ['PATCH', /^\/roles\/[^/]+$/],
  ['POST', /^\/users$/],
  ['PATCH', /^\/users\/[^/]+$/],
  ['POST', /^\/users\/[^/]+\/keys$/],
  ['PATCH', /^\/users\/[^/]+\/keys\/[^/]+$/],
  ['POST', /^\/users\/[^/]+\/keys\/[^/]+\/rotation$/],
  ['POST', /^\/users\/[^/]+\/password$/],
  ['POST', /^\/users\/[^/]+\/recovery$/]
]
