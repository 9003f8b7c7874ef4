import type { Kind } from '../outbox.ts'
import type { Facts, Message } from './message.ts'

const notYou = 'If it was not you, choose a new password at once, and end the other sessions of your account.'

const notYourPasskey =
  'If it was not you, remove what you do not know from your passkeys, choose a new password at once, and end the other sessions of your account.'

export const instants = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'long',
  timeStyle: 'short',
  timeZone: 'UTC'
})

export const en: Record<Kind, (facts: Facts) => Message> = {
  verification: ({ username }) => ({
    subject: 'Confirm your address',
    paragraphs: [
      `The account “${username}” is to have this address. Open the link within 24 hours to confirm that it is yours and that you want this.`,
      'If this is not your account, do nothing: without the link nothing happens.'
    ],
    link: 'Confirm the address'
  }),
  undo: ({ username }) => ({
    subject: 'Your address is being changed',
    paragraphs: [
      `Somebody who is signed in as “${username}” wants to change or remove the address of the account, which is this one. If it was you, there is nothing to do. If it was not you, open the link within 7 days.`,
      'The link gives the account this address again, ends all sessions and makes the password count no more. You then get a mail to choose a new one.'
    ],
    link: 'It was not me: undo this'
  }),
  recovery: ({ username }) => ({
    subject: 'Choose a new password',
    paragraphs: [
      `Somebody has asked for a new password for the account “${username}”. Open the link within an hour to choose one.`,
      'If it was not you, do nothing: your password stays as it is.'
    ],
    link: 'Choose a new password'
  }),
  invitation: () => ({
    subject: 'You are invited',
    paragraphs: [
      'You are invited to make an account. Open the link within 7 days to choose a name and a password.',
      'If you do not expect this, do nothing.'
    ],
    link: 'Make an account'
  }),
  password: ({ username, at }) => ({
    subject: 'Your password was changed',
    paragraphs: [`The password of the account “${username}” was changed (${at} UTC).`, notYou]
  }),
  device: ({ username, at, address, agent }) => ({
    subject: 'A sign-in from a new device',
    paragraphs: [
      `Somebody has signed in as “${username}” in a way that was not seen in the last 30 days: ${agent}, from ${address} (${at} UTC).`,
      `If it was you, there is nothing to do. ${notYou}`
    ]
  }),
  theft: ({ username, at }) => ({
    subject: 'A session of your account was ended',
    paragraphs: [
      `A session of the account “${username}” was used in two places at once, as it is when a token was stolen, and was ended (${at} UTC).`,
      'Sign in again where you need to. If you use no program that may have done this, choose a new password.'
    ]
  }),
  passkey_added: ({ username, at, address, agent }) => ({
    subject: 'A passkey was added to your account',
    paragraphs: [
      `From now on a new passkey signs in as “${username}”. It was added with ${agent}, from ${address} (${at} UTC).`,
      `If it was you, there is nothing to do. ${notYourPasskey}`
    ]
  }),
  passkey_removed: ({ username, at, address, agent }) => ({
    subject: 'A passkey was removed from your account',
    paragraphs: [
      `A passkey signs in as “${username}” no more. It was removed with ${agent}, from ${address} (${at} UTC).`,
      `If it was you, there is nothing to do. ${notYourPasskey}`
    ]
  }),
  passkey_cloned: ({ username, at, address, agent }) => ({
    subject: 'A passkey of your account was refused',
    paragraphs: [
      `A passkey of the account “${username}” was used that seems to be a copy of yours: ${agent}, from ${address} (${at} UTC). It was refused.`,
      'Remove this passkey from your account, and add a new one. Ask whoever runs the service what else there is to do.'
    ]
  }),
  key: ({ username, at }) => ({
    subject: 'A key was made for your account',
    paragraphs: [
      `A key was made with which a program may act as “${username}” (${at} UTC). Your account lists its keys.`,
      'If it was not you, nor an administrator for you, withdraw the key, choose a new password, and end the other sessions of your account.'
    ]
  }),
  factor_added: ({ username, at }) => ({
    subject: 'A second factor was added',
    paragraphs: [
      `The account “${username}” has another way to prove who you are, beside the password (${at} UTC).`,
      notYou
    ]
  }),
  factor_removed: ({ username, at }) => ({
    subject: 'A second factor was removed',
    paragraphs: [
      `The account “${username}” has lost a way to prove who you are, beside the password (${at} UTC).`,
      notYou
    ]
  }),
  recovery_code: ({ username, at, address, agent }) => ({
    subject: 'A recovery code was used',
    paragraphs: [
      `A recovery code of the account “${username}” was used instead of the second factor: ${agent}, from ${address} (${at} UTC). It is good no more.`,
      notYou
    ]
  }),
  recovery_codes: ({ username, at }) => ({
    subject: 'You have new recovery codes',
    paragraphs: [
      `The account “${username}” has new recovery codes; those before are good no more (${at} UTC).`,
      notYou
    ]
  }),
  test: () => ({ subject: 'A test', paragraphs: ['Mail from this service arrives.'] })
}
