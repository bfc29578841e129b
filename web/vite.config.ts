/**
 * vite.config.ts: how the page is built: plain files that a strict Content-Security-Policy accepts.
 *
 * Nothing is inlined into the HTML, and the preload polyfill (an old-browser aid) is left out.
 */
import { defineConfig } from "vite";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
});
