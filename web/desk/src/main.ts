import { VueQueryPlugin } from '@tanstack/vue-query'
import { configureApi } from '@ui/api/client'
import { i18n, setLanguage, t } from '@ui/i18n'
import '@ui/styles/base.css'
import { createApp } from 'vue'
import './account/letters'
import App from './App.vue'
import { queryClient } from './data/query'
import { ensureConfig, sessionLost, showIcon } from './data/session'
import './data/theme'
import { router } from './router'

configureApi({
  unauthorised: sessionLost,
  text: (kind) => t(({ offline: 'api.offline', timeout: 'api.timeout', unknown: 'api.unknown' } as const)[kind]),
})

async function start(): Promise<void> {
  // The page works in English and with its own icon when the configuration does not come.
  const config = await ensureConfig().catch(() => undefined)
  if (config) {
    await setLanguage(config['app.lang'] || 'en-US').catch(() => {})
    showIcon(config)
  }
  createApp(App).use(VueQueryPlugin, { queryClient }).use(i18n).use(router).mount('#app')
}

void start()
