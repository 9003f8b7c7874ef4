import { defineProblem } from '../problems/define.ts'

export const RoleNotFound = defineProblem('ROLE_NOT_FOUND', 404, 'No such role', {
  detail: 'There is no role %s.',
  about: 'The role never existed, or was deleted.'
})

export const RoleTaken = defineProblem('ROLE_TAKEN', 409, 'Role exists', {
  detail: 'There is a role %s already.',
  about: 'The name of a role is unique.'
})

export const RoleInUse = defineProblem('ROLE_IN_USE', 409, 'Role in use', {
  detail: 'Accounts have the role %s; give them another one first.',
  about: 'A role can only be deleted when no account has it.'
})

export const RoleBuiltIn = defineProblem('ROLE_BUILT_IN', 409, 'Built-in role', {
  detail: 'The role %s is built in.',
  about:
    'The roles `admin` and `user` cannot be deleted, and of `admin` nothing can be changed but `requires_mfa`: it has every permission for ever.'
})
