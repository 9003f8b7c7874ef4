import { UserNotFound } from '../../../../core/accounts/users.ts'
import { UserApiKeyParams } from '../../../../schemas/api-keys.ts'
import { UserParams } from '../../../../schemas/users.ts'
import { keyRoutes } from '../../../keys.ts'

export default keyRoutes({
  name: 'User',
  whose: "an account's",
  access: { read: 'keys:read', write: 'keys:write' },
  session: {},
  all: UserParams,
  one: { url: '/:key', params: UserApiKeyParams },
  problems: [UserNotFound],
  create: {
    summary: 'Make a key for an account',
    description:
      'It acts as the account, with the permissions that it is given, as far as the role of the account has them when it is used. Nobody can give what they lack. The owner is told by mail.'
  },
  pathOf: (id) => `/users/${id}/keys`
})
