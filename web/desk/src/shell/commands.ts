import { AtSign, CircleDashed, Building2, Contact, Inbox, Keyboard, Layers, LogOut, Moon, OctagonAlert, PanelLeft, Redo2, Search, Settings, Trash2, Undo2, UserRound, Users, CircleCheck, Clock, Eye, Plus, SquarePen } from '@lucide/vue'
import { t } from '@ui/i18n'
import { toastError } from '@ui/toast/toasts'
import { useRouter } from 'vue-router'
import { sections } from '@/admin/sections'
import { barOpen, sheetOpen } from '@/commands/bar'
import { useCommands, type Command } from '@/commands/registry'
import { compose, composePermission } from '@/compose/dialog'
import { redoLast, undoLast } from '@/conversation/undo'
import { setAvailability, signOut, useMe } from '@/data/session'
import { theme, themes } from '@/data/theme'
import { useOwnViews, useSharedViews } from '@/data/reference'
import { listAddress } from '@/inbox/quick'
import { lists, teamPermission } from '@/inbox/scope'
import { viewDialog } from '@/views/dialog'
import { toggleSidebar } from './layout'

const listKeys = { assigned: 'g i', mentioned: 'g m', unassigned: 'g u', all: 'g a', spam: 'g !', trash: 'g #' }
const listIcons = { assigned: Inbox, mentioned: AtSign, unassigned: CircleDashed, all: Layers, spam: OctagonAlert, trash: Trash2 }

/** What can be done on every page. */
export function useShellCommands(): void {
  const router = useRouter()
  const { me, can } = useMe()
  const { data: ownViews } = useOwnViews()
  const { data: sharedViews } = useSharedViews()
  const go = (path: string) => () => void router.push(path)
  const goList = (scope: string) => () => void router.push(listAddress(scope))

  useCommands(() => {
    const navigation = t('command.section.navigation')
    const general = t('command.section.general')
    const places: Command[] = [
      ...lists.map((list) => ({
        id: `go.${list.scope}`,
        title: t(list.title),
        section: navigation,
        keys: [listKeys[list.scope]],
        icon: listIcons[list.scope],
        when: () => can(list.permission),
        run: goList(list.scope),
      })),
      ...(me.value?.teams ?? []).map((team) => ({
        id: `go.team.${team.id}`,
        title: team.name,
        keywords: t('inbox.team'),
        section: navigation,
        icon: Users,
        when: () => can(teamPermission),
        run: goList(`team:${team.id}`),
      })),
      ...[...(ownViews.value ?? []), ...(sharedViews.value ?? [])].map((view) => ({
        id: `go.view.${view.id}`,
        title: t('command.view', { name: view.name }),
        section: navigation,
        icon: Eye,
        run: goList(`view:${view.id}`),
      })),
      ...sections.map((section) => ({
        id: `go.admin.${section.path}`,
        title: t(section.title),
        keywords: t('shell.admin'),
        section: navigation,
        icon: Settings,
        when: () => can(section.permission),
        run: go(section.path),
      })),
      {
        id: 'go.search',
        title: t('command.search'),
        section: navigation,
        keys: ['/', 'g s'],
        icon: Search,
        // The page itself has its box for it.
        when: () => can('conversations:read') && router.currentRoute.value.path !== '/inboxes/search',
        run: go('/inboxes/search'),
      },
      {
        id: 'go.contacts',
        title: t('contacts.title'),
        section: navigation,
        keys: ['g c'],
        icon: Contact,
        when: () => can('contacts:read_all'),
        run: go('/contacts'),
      },
      {
        id: 'go.organizations',
        title: t('organizations.title'),
        section: navigation,
        keys: ['g o'],
        icon: Building2,
        when: () => can('contacts:read'),
        run: go('/organizations'),
      },
      { id: 'go.account', title: t('shell.account'), section: navigation, icon: UserRound, run: go('/account/profile') },
    ]
    const everywhere: Command[] = [
      { id: 'app.commands', title: t('command.bar'), section: general, keys: ['Mod+k'], offered: () => false, run: () => (barOpen.value = !barOpen.value) },
      { id: 'app.shortcuts', title: t('command.shortcuts'), section: general, keys: ['?'], icon: Keyboard, run: () => (sheetOpen.value = true) },
      { id: 'app.undo', title: t('command.undo'), section: general, keys: ['z'], icon: Undo2, run: undoLast },
      { id: 'app.redo', title: t('command.redo'), section: general, keys: ['Shift+z'], icon: Redo2, run: redoLast },
      { id: 'app.compose', title: t('compose.title'), section: general, keys: ['c'], icon: SquarePen, when: () => can(composePermission), run: () => compose() },
      {
        id: 'app.new_view',
        title: t('view.new'),
        section: general,
        icon: Plus,
        when: () => can('view:manage'),
        run: () => (viewDialog.value = {}),
      },
      { id: 'app.sidebar', title: t('command.sidebar'), section: general, keys: ['[', 'Mod+b'], icon: PanelLeft, run: toggleSidebar },
      ...themes.map((one) => ({
        id: `app.theme.${one}`,
        title: t('command.theme', { theme: t(`shell.theme.${one}`) }),
        section: general,
        icon: Moon,
        when: () => theme.value !== one,
        run: () => {
          theme.value = one
        },
      })),
      {
        id: 'app.online',
        title: t('command.online'),
        section: general,
        icon: CircleCheck,
        when: () => me.value?.availability_status !== 'online',
        run: () => void setAvailability('online').catch(toastError),
      },
      {
        id: 'app.away',
        title: t('command.away'),
        section: general,
        icon: Clock,
        when: () => me.value?.availability_status === 'online',
        run: () => void setAvailability('away_manual').catch(toastError),
      },
      { id: 'app.sign_out', title: t('shell.sign_out'), section: general, icon: LogOut, run: () => void signOut() },
    ]
    return [...everywhere, ...places]
  })
}
