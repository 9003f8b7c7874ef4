/**
 * `npm run openapi:changes`: lists what has changed since the document that clients have, breaking changes first.
 * Ends with 1 when one is breaking and the version does not say so.
 */
import { baseline } from './contract/baseline.ts'
import { compareDocuments, mayBreak } from './contract/changes.ts'
import { releaseDocuments } from './contract/release.ts'

const { v31 } = await releaseDocuments()
const before = baseline(v31.info.version)
if (!before) console.log('There is no earlier document to compare with.')
else {
  const changes = compareDocuments(before.document, v31)
  const breaking = changes.filter((change) => change.breaking)
  const others = changes.filter((change) => !change.breaking)
  console.log(`Since ${before.revision}: ${breaking.length} breaking changes, ${others.length} others.`)
  for (const { text } of breaking) console.log(`BREAKING ${text}`)
  for (const { text } of others) console.log(`         ${text}`)
  if (breaking.length > 0 && !mayBreak(before.document.info.version, v31.info.version)) {
    console.log(`A breaking change needs a higher version than ${v31.info.version}.`)
    process.exitCode = 1
  }
}
