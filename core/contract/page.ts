import type { OpenAPIV3_1 } from 'openapi-types'
import { narrow } from './narrow.ts'

/** The mark of the product, as console/public/mark.svg has it. */
const mark =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#4c5fd5"/><path fill="#fff" d="M6 9h3v2h2V9h3v2h4V9h3v2h2V9h3v15h-6v-5a4 4 0 0 0-8 0v5H6z"/></svg>'

/** The mark with the name beside it, on the dark of the page's head. */
const wordmark = mark
  .replace('viewBox="0 0 32 32"', 'viewBox="0 0 172 32"')
  .replace(
    '</svg>',
    '<text x="42" y="23" font-family="system-ui, sans-serif" font-size="20" font-weight="700" fill="#fff">Gatehouse</text></svg>'
  )

/** Styles of the head: the product's own, without what the page does not need. */
const head = `.swagger-ui .topbar { background: #161923; padding: 12px 0; }
.swagger-ui .topbar .link { flex: none; max-width: none; }
.swagger-ui .topbar .link img { height: 32px; }
.swagger-ui .topbar .download-url-wrapper { display: none; }
`

/** What the documentation page looks like. */
export const look = {
  logo: { type: 'image/svg+xml', content: Buffer.from(wordmark) },
  theme: {
    title: 'Gatehouse API',
    favicon: [
      { filename: 'mark.svg', rel: 'icon', sizes: 'any', type: 'image/svg+xml', content: Buffer.from(mark) }
    ],
    css: [
      { filename: 'narrow.css', content: narrow },
      { filename: 'head.css', content: head }
    ]
  }
}

/**
 * The contract as the page shows it: signing in comes first, the console is a link away, and it is tried out on the server
 * that the page comes from.
 */
export function forPage(made: Readonly<OpenAPIV3_1.Document>, console: string): OpenAPIV3_1.Document {
  const tags = made.tags ?? []
  const isFirst = ({ name }: { name: string }) => name === 'Authentication'
  const { description = '', ...info } = made.info
  return {
    ...made,
    info: {
      ...info,
      description: `Operators: [the console](${console}) does this without a line of code.\n\n${description}`
    },
    tags: [...tags.filter(isFirst), ...tags.filter((tag) => !isFirst(tag))],
    servers: [{ url: '..' }]
  }
}
