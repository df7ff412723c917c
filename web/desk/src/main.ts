import { VueQueryPlugin } from '@tanstack/vue-query'
import { configureApi } from '@ui/api/client'
import { i18n, t } from '@ui/i18n'
import '@ui/styles/base.css'
import { createApp } from 'vue'
import './account/letters'
import App from './App.vue'
import { queryClient } from './data/query'
import { ensureConfig, sessionLost, showIcon, signedInAgent } from './data/session'
import './data/theme'
import { router } from './router'
import { serveOffline } from './shell/installed'

configureApi({
  unauthorised: sessionLost,
  agent: signedInAgent,
  text: (kind) => t(({ offline: 'api.offline', timeout: 'api.timeout', unknown: 'api.unknown' } as const)[kind]),
})

// The page works with its own icon when the configuration does not come. The language is set by the router, which knows
// whether somebody is signed in, before the first screen.
ensureConfig().then(showIcon, () => {})
createApp(App).use(VueQueryPlugin, { queryClient }).use(i18n).use(router).mount('#app')
// A browser that keeps nothing, as in a private window, goes without.
if (import.meta.env.PROD) void router.isReady().then(() => serveOffline(router)).catch(() => {})
