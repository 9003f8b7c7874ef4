import {
  type PasskeyAssertion,
  type PasskeyCreationOptions,
  type PasskeyRegistration,
  type PasskeyRequestOptions
} from '../../client/src/index.ts'

/** Whether passkeys can be used here: on a host with a name, in a secure context, in a browser that has them as JSON. */
export const knowsPasskeys =
  window.isSecureContext &&
  !/^[\d.]+$|:/.test(window.location.hostname) &&
  typeof PublicKeyCredential === 'function' &&
  'parseRequestOptionsFromJSON' in PublicKeyCredential

function credentialOf(credential: Credential | null) {
  if (credential instanceof PublicKeyCredential) return credential
  throw new DOMException('The browser answered no passkey.', 'NotAllowedError')
}

/** Has the browser make a passkey. @throws DOMException when its owner does not want to, or the browser cannot */
export async function makePasskey(options: PasskeyCreationOptions): Promise<PasskeyRegistration> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
  return credentialOf(await navigator.credentials.create({ publicKey })).toJSON() as PasskeyRegistration
}

/** Has the browser ask for a passkey. @throws DOMException likewise */
export async function getPasskey(options: PasskeyRequestOptions): Promise<PasskeyAssertion> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
  return credentialOf(await navigator.credentials.get({ publicKey })).toJSON() as PasskeyAssertion
}
