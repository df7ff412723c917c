import { Bell, CheckCheck, Settings2 } from '@lucide/vue'
import { t } from '@ui/i18n'
import { computed, ref, watchEffect } from 'vue'
import { useRouter } from 'vue-router'
import { useCommands } from '@/commands/registry'
import { titleCount } from '@/shell/title'
import { useAlerts } from './alerts'
import { markAllRead, useNotificationFrames, useNotificationStats } from './data'

/** Whether the panel behind the bell is open. */
export const bellOpen = ref(false)

/** How many notifications the agent has not read. */
export function useUnread() {
  const { data: stats } = useNotificationStats()
  return computed(() => stats.value?.unread_count ?? 0)
}

/** Hears and tells of notifications on every page, whether the bell is in sight or not. */
export function useBell(): void {
  const router = useRouter()
  const unread = useUnread()
  useNotificationFrames()
  useAlerts()
  watchEffect(() => (titleCount.value = unread.value))

  useCommands(() => [
    { id: 'app.notifications', title: t('notifications.title'), section: t('command.section.general'), keys: ['g n'], icon: Bell, run: () => (bellOpen.value = !bellOpen.value) },
    { id: 'app.notifications_read', title: t('notifications.mark_all_read'), section: t('command.section.general'), icon: CheckCheck, when: () => unread.value > 0, run: () => void markAllRead() },
    { id: 'go.notification_settings', title: t('notifications.settings'), section: t('command.section.navigation'), icon: Settings2, run: () => void router.push('/account/notifications') },
  ])
}
