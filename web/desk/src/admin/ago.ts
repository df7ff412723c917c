import { formatAge, t } from '@ui/i18n'

/** "5m ago", or "just now". */
export const ago = (time: string): string =>
  Date.now() - new Date(time).getTime() < 60_000 ? t('admin.just_now') : t('admin.ago', { age: formatAge(time) })
