/** `npm run openapi`: writes the contract of the server, as its code makes it now, into openapi.json. */
import { writeFileSync } from 'node:fs'
import { documentFile, printed, releaseDocuments } from './contract/release.ts'

const { v31 } = await releaseDocuments()
writeFileSync(documentFile, printed(v31))
