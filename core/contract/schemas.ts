import { Kind, type TSchema } from '@sinclair/typebox'
import { readdir } from 'node:fs/promises'
import { extname } from 'node:path'

const folder = new URL('../../schemas/', import.meta.url)
const extension = extname(import.meta.url)

const isSchema = (value: unknown): value is TSchema =>
  typeof value === 'object' && value !== null && Kind in value

/** The named components of the contract: every schema with an `$id` that a file of schemas/ exports, by its `$id`. */
export async function namedSchemas(): Promise<ReadonlyMap<string, TSchema>> {
  const files = (await readdir(folder)).filter((name) => extname(name) === extension)
  const modules = await Promise.all(
    files.map((name): Promise<Record<string, unknown>> => import(new URL(name, folder).href))
  )
  const named = new Map<string, TSchema>()
  for (const schema of modules.flatMap((exported) => Object.values(exported))) {
    if (isSchema(schema) && schema.$id !== undefined) named.set(schema.$id, schema)
  }
  return named
}
