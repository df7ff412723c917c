import { useInfiniteQuery, useQuery, type InfiniteData } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { Id, Notification, NotificationPreferences, NotificationStats } from '@ui/api/types'
import { toastError } from '@ui/toast/toasts'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import { useFrames } from '@/data/live'
import { keys, queryClient } from '@/data/query'

type Pages = InfiniteData<Notification[], number>

const pageSize = 30

/** The agent's notifications, read when they are looked at. */
export function useNotifications(wanted: MaybeRefOrGetter<boolean>) {
  const query = useInfiniteQuery({
    queryKey: keys.notificationList,
    queryFn: ({ signal, pageParam }) => api.get<Notification[]>('/notifications', { signal, query: { limit: pageSize, offset: pageParam } }),
    initialPageParam: 0,
    // What came or went meanwhile moved the rest along.
    getNextPageParam: (last, all) => (last.length < pageSize ? undefined : all.reduce((sum, page) => sum + page.length, 0)),
    enabled: () => toValue(wanted),
    staleTime: 0,
  })
  return { ...query, list: computed(() => query.data.value?.pages.flat() ?? []) }
}

/** How many there are; the socket keeps it true. */
export const useNotificationStats = () =>
  useQuery({
    queryKey: keys.notificationStats,
    queryFn: ({ signal }) => api.get<NotificationStats>('/notifications/stats', { signal }),
    staleTime: Infinity,
  })

function patchList(change: (list: Notification[]) => Notification[]): void {
  queryClient.setQueryData<Pages>(keys.notificationList, (known) => known && { ...known, pages: known.pages.map((page) => change(page)) })
}

const among = (ids: Id[] | null) => (one: Notification) => !ids || ids.includes(one.id)

function applyChange(action: string, ids: Id[] | null): void {
  const meant = among(ids)
  patchList((list) => (action === 'read' ? list.map((one) => (meant(one) ? { ...one, is_read: true } : one)) : list.filter((one) => !meant(one))))
}

/** What a `new_notification` frame brings. */
export interface NewNotification extends Notification, NotificationStats {
  alert: { bell: boolean; sound: boolean; desktop: boolean; push: boolean; volume: number; tone: NotificationPreferences['tone'] }
}

interface Update extends NotificationStats {
  action: 'read' | 'deleted'
  ids: Id[] | null
}

/** Keeps the list and the numbers true for the life of the calling component. */
export function useNotificationFrames(): void {
  const count = ({ unread_count, total_count }: NotificationStats) => queryClient.setQueryData<NotificationStats>(keys.notificationStats, { unread_count, total_count })
  useFrames<NewNotification>('new_notification', (one) => {
    count(one)
    if (!one.alert.bell) return
    queryClient.setQueryData<Pages>(keys.notificationList, (known) => {
      if (!known || known.pages.some((page) => page.some(({ id }) => id === one.id))) return known
      const [first = [], ...rest] = known.pages
      return { ...known, pages: [[one, ...first], ...rest] }
    })
  })
  useFrames<Update>('notification_update', (update) => {
    count(update)
    applyChange(update.action, update.ids)
  })
}

/** Shows a change at once and puts back what was when the server refuses it. The numbers come with the socket. */
async function change(action: 'read' | 'deleted', ids: Id[] | null, call: () => Promise<unknown>): Promise<void> {
  const before = queryClient.getQueryData<Pages>(keys.notificationList)
  applyChange(action, ids)
  try {
    await call()
  } catch (error) {
    queryClient.setQueryData(keys.notificationList, before)
    toastError(error)
  }
}

export const markRead = (id: Id) => change('read', [id], () => api.put(`/notifications/${id}/read`))
export const markAllRead = () => change('read', null, () => api.put('/notifications/read-all'))
export const removeOne = (id: Id) => change('deleted', [id], () => api.delete(`/notifications/${id}`))
export const removeAll = () => change('deleted', null, () => api.delete('/notifications'))

const preferencePath = '/agents/me/notification-preferences'

export const useNotificationPreferences = () =>
  useQuery({ queryKey: keys.notificationPreferences, queryFn: ({ signal }) => api.get<NotificationPreferences>(preferencePath, { signal }) })

/** Changes what is given, shown at once. */
export async function savePreferences(change: Partial<NotificationPreferences>): Promise<void> {
  const before = queryClient.getQueryData<NotificationPreferences>(keys.notificationPreferences)
  queryClient.setQueryData<NotificationPreferences>(keys.notificationPreferences, (known) => known && { ...known, ...change, events: { ...known.events, ...change.events } })
  try {
    queryClient.setQueryData(keys.notificationPreferences, await api.put<NotificationPreferences>(preferencePath, change))
  } catch (error) {
    queryClient.setQueryData(keys.notificationPreferences, before)
    toastError(error)
  }
}
