import { fileURLToPath } from "node:url";

import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Libraries that every page needs. */
const VENDOR =
  /node_modules[\\/](react|react-dom|scheduler|use-sync-external-store|i18next|@tanstack[\\/](react-query|query-core|react-router|router-core|react-store|store|history)|zustand|clsx|openapi-fetch)[\\/]/;

/** What every page needs of our own, and small things that several pages share. */
const BASE =
  /src[\\/]((api|auth|realtime)[\\/](?!follow)|i18n[\\/](index|format|use-translation)|ui[\\/](badge|button|copy-button|dialog|menu|problem-notice|skeleton|toast)\.tsx?|features[\\/](chat[\\/](later|outbox|queries|stop|thread[\\/]messages)|approvals[\\/]outside-text)|features[\\/]tools[\\/](effect-badge|secret[\\/]sealed)|app[\\/](page-title|shortcuts[\\/](use-shortcut|shortcuts)))|lucide-react[\\/]dist[\\/]esm[\\/](?!icons)/;

/** Icons of the chat that other pages have too; each in a file of its own would weigh more. */
const ICONS = /lucide-react[\\/]dist[\\/]esm[\\/]icons[\\/](check|clipboard-check|chevron-down|circle-(check|x|slash)|copy|eye|hourglass|key-round|loader-circle|pen-line|pencil|rotate-cw|shield-(check|question-mark)|square|trash(-2)?|user-check|users|wrench)\.(js|mjs)/;

/** What the sidebar shares with the other ways to get about. */
const FRAME =
  /src[\\/](app[\\/](navigation|shortcuts[\\/]keys-label)|features[\\/](sidebar[\\/]navigation-links|approvals[\\/]queries)|ui[\\/]avatar)\.tsx?|lucide-react[\\/]dist[\\/]esm[\\/]icons[\\/](chart-column|chevrons-up-down|inbox|log-out|scroll-text|search|settings|shield-user)\.(js|mjs)/;

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: {
    alias: {
      "@": fileURLToPath(new URL("./src", import.meta.url)),
      "property-information": fileURLToPath(new URL("./src/features/chat/markdown/attributes.ts", import.meta.url)),
      "@ungap/structured-clone": fileURLToPath(new URL("./src/features/chat/markdown/structured-clone.ts", import.meta.url)),
    },
  },
  build: {
    target: "es2023",
    manifest: true,
    // No inline scripts and no data: scripts under the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Few chunks compress better than many, and what changes seldom stays in caches longest.
    rolldownOptions: { output: { advancedChunks: { groups: [{ name: "vendor", test: VENDOR }, { name: "base", test: new RegExp(`${BASE.source}|${ICONS.source}`) }, { name: "frame", test: FRAME }] } } },
  },
});
