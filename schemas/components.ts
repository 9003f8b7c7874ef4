import { PermissionInfo, PermissionPage } from './access.ts'
import { AuditEntry, AuditPage } from './audit.ts'
import { Problem } from './problem.ts'
import { NewRole, Role, RoleChanges, RolePage } from './roles.ts'
import { Session, SessionPage } from './sessions.ts'
import { Credentials, RefreshRequest, TokenPair } from './tokens.ts'
import {
  Me,
  NewUser,
  OwnChanges,
  PasswordChange,
  PasswordReset,
  Registration,
  User,
  UserChanges,
  UserPage
} from './users.ts'

/** The named components of the contract: whatever a route refers to with ref(). */
export const components = [
  AuditEntry,
  AuditPage,
  Credentials,
  Me,
  NewRole,
  NewUser,
  OwnChanges,
  PasswordChange,
  PasswordReset,
  PermissionInfo,
  PermissionPage,
  Problem,
  RefreshRequest,
  Registration,
  Role,
  RoleChanges,
  RolePage,
  Session,
  SessionPage,
  TokenPair,
  User,
  UserChanges,
  UserPage
]
