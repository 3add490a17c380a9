// Builds dist/: one page, one script, one style sheet, one picture. Nothing is inline, so that a strict CSP holds.
import { copyFile, mkdir, rm } from 'node:fs/promises'
import { build } from 'esbuild'

const from = new URL('src/', import.meta.url)
const to = new URL('dist/', import.meta.url)

await rm(to, { recursive: true, force: true })
await mkdir(to)
await build({
  entryPoints: { dashboard: new URL('main.ts', from).pathname, style: new URL('style.css', from).pathname },
  outdir: to.pathname,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  logLevel: 'warning',
})
await copyFile(new URL('favicon.svg', from), new URL('favicon.svg', to))
// Last, so that a dist/ with a page is a whole one.
await copyFile(new URL('index.html', from), new URL('index.html', to))
