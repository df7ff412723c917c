/** How long ago something was, in words. */
export { formatAgo as ago } from '@ui/i18n'
