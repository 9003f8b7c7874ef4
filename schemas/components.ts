import { PermissionInfo } from './access.ts'
import { Problem } from './problem.ts'
import { Role } from './roles.ts'
import { Credentials, RefreshRequest, TokenPair } from './tokens.ts'
import { User, UserPage } from './users.ts'

/** The named components of the contract: whatever a route refers to with ref(). */
export const components = [
  Credentials,
  PermissionInfo,
  Problem,
  RefreshRequest,
  Role,
  TokenPair,
  User,
  UserPage
]
