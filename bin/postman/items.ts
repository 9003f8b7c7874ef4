/** The parts of a Postman collection (format 2.1) that are used here. */
export interface Item {
  name: string
  request?: {
    method: string
    description?: string
    auth?: object
    header: { key: string; value: string }[]
    url: object
    body?: object
  }
  event?: object[]
  item?: Item[]
  description?: string
}

/** A bearer token out of a variable of the environment. */
export const bearer = (variable: string) => ({
  type: 'bearer',
  bearer: [{ key: 'token', value: `{{${variable}}}`, type: 'string' }]
})

export const noAuth = { type: 'noauth' }

/** A script that runs when the answer has come. */
export const afterwards = (lines: string[]) => [
  { listen: 'test', script: { type: 'text/javascript', exec: lines } }
]

/** Keeps the tokens of an answer for the requests that follow. */
export const keepTokens = [
  'if (pm.response.code === 200) {',
  "  pm.environment.set('access_token', pm.response.json().access_token)",
  "  pm.environment.set('refresh_token', pm.response.json().refresh_token)",
  '}'
]

export const json = (value: unknown) => ({
  mode: 'raw',
  raw: typeof value === 'string' ? value : JSON.stringify(value, null, 2),
  options: { raw: { language: 'json' } }
})

export const jsonHeader = { key: 'Content-Type', value: 'application/json' }
