import formats from 'ajv-formats'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { OpenAPIV3_1 } from 'openapi-types'

export type Document = OpenAPIV3_1.Document
export type Operation = OpenAPIV3_1.OperationObject
type Reference = OpenAPIV3_1.ReferenceObject
type Response = OpenAPIV3_1.ResponseObject
type Header = OpenAPIV3_1.HeaderObject

/** An answer as it left the server. */
export interface Answer {
  status: number
  headers: Record<string, unknown>
  body: string
}

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const

const escaped = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1')

/** The problems that ajv found, in one line. */
const explain = ({ errors }: ValidateFunction) =>
  (errors ?? [])
    .map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`)
    .join('; ')

/** An OpenAPI 3.1 document, and what it says of requests and answers. */
export class Contract {
  readonly document: Document
  private readonly ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true })
  private readonly validators = new Map<string, ValidateFunction>()

  constructor(document: Document) {
    this.document = document
    formats.default(this.ajv)
    this.ajv.addSchema(document, 'document')
  }

  /** Every operation with its place. */
  *operations() {
    for (const [path, item] of Object.entries(this.document.paths ?? {})) {
      for (const method of methods) {
        const operation = item?.[method]
        if (operation) yield { path, method, operation, at: `/paths/${escaped(path)}/${method}` }
      }
    }
  }

  /** The operation of a method and a path as the document writes it. */
  operation(method: string, path: string): Operation | undefined {
    const name = methods.find((known) => known === method.toLowerCase())
    return name && this.document.paths?.[path]?.[name]
  }

  /** What a reference leads to, or the thing itself. */
  resolve<T extends object>(value: T | Reference): T {
    if (!('$ref' in value)) return value
    const place = value.$ref.split('/').slice(1)
    // A reference inside the document leads to what its kind of component is.
    return place.reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], this.document) as T
  }

  /** What is wrong with a value by the schema at a JSON Pointer; an empty text when it is valid. */
  faults(pointer: string, value: unknown): string {
    let validate = this.validators.get(pointer)
    if (!validate) {
      validate = this.ajv.compile({ $ref: `document#${encodeURI(pointer)}` })
      this.validators.set(pointer, validate)
    }
    return validate(value) ? '' : explain(validate)
  }

  /** Everything in which an answer differs from what its operation declares. */
  differences(method: string, path: string, { status, headers, body }: Answer): string[] {
    const operation = this.operation(method === 'HEAD' ? 'GET' : method, path)
    const declared = operation?.responses?.[status]
    if (!declared) return [`the status ${status} is not declared`]
    const response: Response = this.resolve(declared)
    const at =
      '$ref' in declared
        ? declared.$ref.slice(1)
        : `/paths/${escaped(path)}/${method === 'HEAD' ? 'get' : method.toLowerCase()}/responses/${status}`
    return [
      ...this.headerDifferences(response, headers),
      ...(method === 'HEAD' ? [] : this.bodyDifferences(response, at, headers, body))
    ]
  }

  private headerDifferences({ headers = {} }: Response, sent: Record<string, unknown>) {
    return Object.entries(headers).flatMap(([name, reference]) => {
      const { required, schema }: Header = this.resolve<Header>(reference)
      const value = sent[name.toLowerCase()]
      if (value === undefined) return required ? [`the header ${name} is missing`] : []
      const isInteger = schema && 'type' in schema && schema.type === 'integer'
      const place = '$ref' in reference ? `${reference.$ref.slice(1)}/schema` : undefined
      const faults = place && this.faults(place, isInteger ? Number(value) : value)
      return faults ? [`the header ${name}: ${faults}`] : []
    })
  }

  private bodyDifferences({ content }: Response, at: string, headers: Record<string, unknown>, body: string) {
    if (!content) return body === '' ? [] : ['there is a body, and none is declared']
    const type = String(headers['content-type']).split(';', 1)[0] ?? ''
    if (!(type in content)) return [`the media type ${type} is not declared`]
    const faults = this.faults(`${at}/content/${escaped(type)}/schema`, JSON.parse(body))
    return faults ? [`the body: ${faults}`] : []
  }
}
