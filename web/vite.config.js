// Builds the page into the package, so that whoever installs earmark needs no Node. No source maps, no inline scripts.

import { defineConfig } from "vite";

import { stamp } from "./sources.js";

export default defineConfig({
  base: "./",
  plugins: [stamp()],
  build: {
    outDir: "../src/earmark/serve/static",
    emptyOutDir: true,
    license: { fileName: "licences.md" }, // of what is built in
    assetsInlineLimit: 0, // the policy of the server lets no data: script or style pass
    modulePreload: { polyfill: false },
    target: "es2022",
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8765" } }, // npx vite, beside `earmark serve`
});
