import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

/** Writes each script and style compressed beside itself, so that the server compresses nothing. */
const compress: Plugin = {
  name: 'compress',
  writeBundle({ dir = '' }) {
    const assets = join(dir, 'assets')
    for (const name of readdirSync(assets)) {
      const file = readFileSync(join(assets, name))
      const params = { [constants.BROTLI_PARAM_QUALITY]: 9 }
      writeFileSync(join(assets, `${name}.br`), brotliCompressSync(file, { params }))
      writeFileSync(join(assets, `${name}.gz`), gzipSync(file, { level: 9 }))
    }
  }
}

export default defineConfig(({ command }) => ({
  root: import.meta.dirname,
  // Relative, so that it works below any path that a proxy serves it at.
  base: command === 'serve' ? '/console/' : './',
  // plugins/console.ts puts a new one in its place for every answer.
  plugins: [compress],
  html: { cspNonce: 'NONCE' },
  build: {
    target: 'es2023',
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // The marks of server components say nothing here.
    rolldownOptions: {
      onLog: (level, log, print) => log.code === 'MODULE_LEVEL_DIRECTIVE' || print(level, log)
    },
    chunkSizeWarningLimit: 2_000,
    reportCompressedSize: false,
    license: { fileName: 'licences.md' }
  },
  // `npm run console` serves the page from its sources while one works on it, beside `npm start`.
  server: { proxy: { '^/(?!console/)': 'http://127.0.0.1:3000' } }
}))
