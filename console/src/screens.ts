import type { ComponentType } from 'react'
import {
  IconAudit,
  IconMe,
  IconOverview,
  IconRoles,
  IconSessions,
  IconSystem,
  IconTraffic,
  IconUsers
} from './components/icons.tsx'
import { AuditPage } from './pages/audit.tsx'
import { MePage } from './pages/me.tsx'
import { OverviewPage } from './pages/overview.tsx'
import { RolePage } from './pages/role.tsx'
import { RolesPage } from './pages/roles.tsx'
import { SessionsPage } from './pages/sessions.tsx'
import { SystemPage } from './pages/system.tsx'
import { TrafficPage } from './pages/traffic.tsx'
import { UserPage } from './pages/user.tsx'
import { UsersPage } from './pages/users.tsx'
import type { Permission } from './queries.ts'

interface Screen {
  path: string
  label: string
  icon: ComponentType<{ size?: number }>
  page: ComponentType
  /** What an account needs to see it; none for everybody's. */
  permission?: Permission
  /** The page of one of them. */
  one?: ComponentType<{ params: { id: string } }>
}

/** The screens in the order of the menu. */
export const screens: Screen[] = [
  {
    path: '/overview',
    label: 'Overview',
    icon: IconOverview,
    page: OverviewPage,
    permission: 'analytics:read'
  },
  {
    path: '/users',
    label: 'Users',
    icon: IconUsers,
    page: UsersPage,
    permission: 'users:read',
    one: UserPage
  },
  {
    path: '/sessions',
    label: 'Sessions',
    icon: IconSessions,
    page: SessionsPage,
    permission: 'sessions:read'
  },
  {
    path: '/roles',
    label: 'Roles',
    icon: IconRoles,
    page: RolesPage,
    permission: 'roles:read',
    one: RolePage
  },
  { path: '/audit', label: 'Audit', icon: IconAudit, page: AuditPage, permission: 'audit:read' },
  { path: '/traffic', label: 'Traffic', icon: IconTraffic, page: TrafficPage, permission: 'analytics:read' },
  { path: '/system', label: 'System', icon: IconSystem, page: SystemPage, permission: 'system:read' },
  { path: '/me', label: 'My account', icon: IconMe, page: MePage }
]
