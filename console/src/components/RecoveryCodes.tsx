import { session } from '../api.ts'
import { Store, useStore } from '../store.ts'
import { ShownOnce } from './ShownOnce.tsx'

/** Recovery codes that nobody has said are kept; undefined where there are none to show. */
export const newCodes = new Store<string[] | undefined>(undefined)

const forget = () => newCodes.set(undefined)

// Nothing of one account is shown to the next.
session.subscribe(forget)

/** Shows recovery codes, which is done once: over whatever screen is there by then, until they are kept. */
export function RecoveryCodes() {
  const codes = useStore(newCodes)
  return (
    <ShownOnce
      title="Your recovery codes"
      explains="Each signs you in once when your app or passkey is lost. They are shown this once: keep them where you find them without your phone."
      label="Recovery codes"
      secret={codes?.join('\n')}
      file="recovery-codes.txt"
      kept="I have kept them"
      onDone={forget}
    />
  )
}
