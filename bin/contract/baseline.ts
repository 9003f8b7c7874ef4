import { execFileSync } from 'node:child_process'
import type { OpenAPIV3_1 } from 'openapi-types'
import { documentFile } from './release.ts'

/** The output of a git command, undefined when it fails, as where there is no repository or no such commit. */
function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return undefined
  }
}

/**
 * The document that clients have: the one of the newest version tag; without a tag, the last committed one that
 * reads otherwise than `text`, of this commit or the one before. Undefined when there is none.
 */
export function baseline(text: string) {
  const tag = git('tag', '--list', 'v[0-9]*', '--sort=-v:refname', '--merged', 'HEAD')?.split('\n', 1)[0]
  for (const revision of tag ? [tag] : ['HEAD', 'HEAD~1']) {
    const committed = git('show', `${revision}:${documentFile}`)
    if (committed === undefined || (!tag && committed === text)) continue
    return { revision, document: JSON.parse(committed) as OpenAPIV3_1.Document }
  }
  return undefined
}
