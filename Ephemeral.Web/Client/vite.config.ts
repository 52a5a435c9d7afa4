import { defineConfig } from "vitest/config";

export default defineConfig({
  // Addresses are /<hash>, so everything is fetched from the root.
  base: "/",
  worker: { format: "es" },
  build: {
    target: "es2022",
    // Under the shell's policy a data: script or style would be refused.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ["index.html", "404.html"] },
  },
  test: { include: ["test/*.test.ts"] },
});
