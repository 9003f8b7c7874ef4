// First of all: what a link brings is out of the address before anything else runs.
import './links.ts'
import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import './styles.css'
import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Router } from 'wouter'
import { useHashPath, useHashSearch } from './address.ts'
import { App } from './app.tsx'
import { queries } from './queries.ts'
import { cssVariables, theme } from './theme.ts'

// The policy of the page lets in only the styles that know it; what locks the scrolling under a dialog looks for it there.
const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? ''
Object.assign(globalThis, { __webpack_nonce__: nonce })

const root = document.getElementById('root')
if (root)
  createRoot(root).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={cssVariables}
        defaultColorScheme="auto"
        getStyleNonce={() => nonce}
      >
        <Notifications position="top-center" />
        <QueryClientProvider client={queries}>
          <Router hook={useHashPath} searchHook={useHashSearch}>
            <App />
          </Router>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>
  )
