/** `npm run postman`: writes a Postman collection made from the document, and its environment, into postman/. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { printed, releaseDocuments } from './contract/release.ts'
import { collectionOf, environment } from './postman/collection.ts'

const { v31 } = await releaseDocuments()
mkdirSync('postman', { recursive: true })
writeFileSync('postman/gatehouse.postman_collection.json', printed(collectionOf(v31)))
writeFileSync('postman/local.postman_environment.json', printed(environment))
