import { Type } from '@sinclair/typebox'
import { ref, StringEnum } from './types.ts'

const count = (description: string, example: number, maximum = 2_147_483_647) =>
  Type.Integer({ minimum: 0, maximum, format: 'int32', description, examples: [example] })

/** How a budget of the caller stands, as shown. */
export const BudgetStanding = Type.Object(
  {
    name: Type.String({
      maxLength: 200,
      pattern: '^[ !#-\\[\\]-~]+$',
      description:
        '`default`, which all routes without a limit of their own share, or the operation whose own it is. The fields `RateLimit` and `RateLimit-Policy` name it so too.',
      examples: ['default']
    }),
    by: StringEnum(['account', 'address', 'session', 'key'], {
      description:
        'Who spends of it: all that your account does, all from your network, this session, or this key.',
      examples: ['account']
    }),
    requests: count('Calls that it allows in a window.', 100),
    window: count('How long a window is, in seconds. It begins with the first call.', 60, 60),
    remaining: count('Calls that are left of it.', 98),
    reset: count('Seconds until it is full again; 0 while it is.', 42, 60)
  },
  { $id: 'BudgetStanding', additionalProperties: false }
)

/** The budgets of the caller. */
export const OwnLimits = Type.Object(
  { limits: Type.Array(ref(BudgetStanding), { maxItems: 200 }) },
  { $id: 'OwnLimits', additionalProperties: false }
)
