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

const documentAt = (revision: string) => {
  const text = git('show', `${revision}:${documentFile}`)
  return text === undefined ? undefined : (JSON.parse(text) as OpenAPIV3_1.Document)
}

/** The last commit at which the document had another version than the present one. */
function lastOfAnotherVersion(version: string): string | undefined {
  if (documentAt('HEAD')?.info.version !== version) return 'HEAD'
  const set = git('log', '-1', '--format=%H', '-G', '^ {4}"version": "', '--', documentFile)?.trim()
  return set ? `${set}~1` : undefined
}

/**
 * The document that clients have: the one of the newest version tag; without a tag, the last committed one of another
 * version. Undefined when there is none.
 */
export function baseline(version: string) {
  const tag = git('tag', '--list', 'v[0-9]*', '--sort=-v:refname', '--merged', 'HEAD')?.split('\n', 1)[0]
  const revision = tag || lastOfAnotherVersion(version)
  const document = revision && documentAt(revision)
  return document ? { revision, document } : undefined
}
