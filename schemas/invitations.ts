import { Type } from '@sinclair/typebox'
import { Email, Locale, OneTimeToken, OneTimeTokenRow } from './mail.ts'
import { pageMembers } from './page.ts'
import { RoleName } from './roles.ts'
import { ref } from './types.ts'
import { NewPassword, NewUsername } from './users.ts'

/** An open invitation, as shown. */
export const Invitation = Type.Object(
  {
    id: { ...OneTimeTokenRow.properties.id, description: 'The key of the invitation.' },
    email: Email,
    role: RoleName,
    invited_by: OneTimeTokenRow.properties.invited_by,
    created_at: OneTimeTokenRow.properties.created_at,
    expires_at: OneTimeTokenRow.properties.expires_at
  },
  { $id: 'Invitation', additionalProperties: false }
)

/** A page of invitations, newest first. */
export const InvitationPage = Type.Object(
  { invitations: Type.Array(ref(Invitation), { maxItems: 200 }), ...pageMembers },
  { $id: 'InvitationPage', additionalProperties: false }
)

/** As accepted by POST /invitations. */
export const NewInvitation = Type.Object(
  { email: Email, role: RoleName, locale: Type.Optional(Locale) },
  { $id: 'NewInvitation', additionalProperties: false }
)

/** As accepted by POST /invitations/accept. */
export const InvitationAnswer = Type.Object(
  { token: OneTimeToken, username: NewUsername, password: NewPassword },
  { $id: 'InvitationAnswer', additionalProperties: false }
)
