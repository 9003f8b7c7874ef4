import { ApiKeyParams } from '../../../schemas/api-keys.ts'
import { keyRoutes, Nobody } from '../../keys.ts'

export default keyRoutes({
  name: 'My',
  whose: 'your',
  access: { read: 'authenticated', write: 'authenticated' },
  session: { session: true },
  all: Nobody,
  one: { url: '/:id', params: ApiKeyParams },
  problems: [],
  create: {
    summary: 'Make a key for a program',
    description:
      'It acts as you, with those of your permissions that you give it and that your role has when it is used. It cannot do what takes a session.'
  },
  pathOf: () => '/me/keys'
})
