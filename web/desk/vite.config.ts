import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { words } from './words.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** Where a running server is found while developing. */
const server = process.env.FOYER_DEV_SERVER ?? 'http://localhost:9000'

export default defineConfig({
  plugins: [vue(), tailwindcss(), words(path('../../internal/platform/i18n/locales/en-US.json'), path('./src'), path('../ui'))],
  resolve: {
    alias: {
      '@ui': path('../ui'),
      '@locales': path('../../internal/platform/i18n/locales'),
      '@': path('./src'),
    },
  },
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_I18N_LEGACY_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  build: {
    // The placeholder that keeps the folder in version control must survive a build.
    emptyOutDir: false,
    // Inlined data: URLs would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: true,
  },
  server: {
    proxy: {
      '/api': server,
      '/uploads': server,
      '/logout': server,
      '/ws': { target: server, ws: true },
    },
  },
})
