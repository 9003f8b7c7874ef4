/** `npm run openapi`: writes the contract of the server, as its code makes it now, and what the client knows of it by itself. */
import { writeFileSync } from 'node:fs'
import { clientFile, repeatable } from './contract/client.ts'
import { documentFile, printed, releaseDocuments } from './contract/release.ts'

const { v31 } = await releaseDocuments()
writeFileSync(documentFile, printed(v31))
writeFileSync(clientFile, repeatable(v31))
