// Builds the islands and styles into the package. No address outside is ever asked.
import { readFileSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { brotliCompressSync, constants, gzipSync } from "node:zlib"
import { defineConfig, type Plugin } from "vite"

const root = resolve(import.meta.dirname, "..")
const outline = resolve(root, "node_modules/@tabler/icons/icons/outline")

/** One sprite of the icons we use; its name has a hash, so browsers keep it for ever. */
function icons(): Plugin {
  const names: string[] = JSON.parse(readFileSync(resolve(root, "frontend/icons.json"), "utf8"))
  const symbol = (name: string) => {
    const inner = readFileSync(resolve(outline, `${name}.svg`), "utf8").replace(/^[\s\S]*?<svg[\s\S]*?>|<\/svg>\s*$/g, "")
    return `<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s+/g, " ").trim()}</symbol>`
  }
  return {
    name: "cityloop-icons",
    buildStart() {
      const source = `<svg xmlns="http://www.w3.org/2000/svg">${names.map(symbol).join("")}</svg>`
      this.emitFile({ type: "asset", name: "icons.svg", originalFileName: "frontend/icons.svg", source })
    },
  }
}

/** Compresses each text file beside itself once all are written, so that the server need not do it for each visitor. */
function compressed(): Plugin {
  return {
    name: "cityloop-compressed",
    writeBundle({ dir }, bundle) {
      for (const name of Object.keys(bundle).filter((name) => /\.(js|css|svg)$/.test(name))) {
        const path = resolve(dir ?? "", name)
        const source = readFileSync(path)
        writeFileSync(`${path}.gz`, gzipSync(source, { level: 9 }))
        writeFileSync(`${path}.br`, brotliCompressSync(source, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } }))
      }
    },
  }
}

const out = resolve(root, "cityloop/doors/web/static/build")
const shared = { root, base: "/static/build/", publicDir: false } as const

/** The pages: names with a hash, kept by browsers for ever. */
const pages = {
  ...shared,
  plugins: [icons(), compressed()],
  worker: { format: "es" as const }, // MapLibre's worker is a module
  build: {
    outDir: out,
    emptyOutDir: true,
    manifest: "manifest.json",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200, // MapLibre, loaded only where a map is
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: ["frontend/public.ts", "frontend/report.ts", "frontend/desk.ts", "frontend/wall.ts"].map((file) => resolve(root, file)),
    },
  },
}

/** The service worker (`--mode worker`): one file with one name, which the server hands out as /sw.js. */
const worker = {
  ...shared,
  build: {
    outDir: out,
    emptyOutDir: false,
    rollupOptions: {
      input: resolve(root, "frontend/sw.ts"),
      output: { entryFileNames: "sw.js", format: "iife" as const },
    },
  },
}

export default defineConfig(({ mode }) => (mode === "worker" ? worker : pages))
