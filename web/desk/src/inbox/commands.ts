import { AppWindow, ArrowDown, ArrowLeft, ArrowUp, CheckCheck, CircleX, Clock, CornerDownLeft, ListChecks, MailOpen, Merge, OctagonAlert, RefreshCw, SignalHigh, SquareCheck, Table2, Tag, Trash2, UserRound, UserRoundCheck, UsersRound, X } from '@lucide/vue'
import type { Uuid } from '@ui/api/types'
import { t } from '@ui/i18n'
import { nextTick, type Ref } from 'vue'
import { useCommands, type Command } from '@/commands/registry'
import { assignAgent, markSpam, markUnread, moveToTrash, setStatus } from '@/conversation/actions'
import { fullName } from '@/data/reference'
import { startMerge } from '@/merge/dialog'
import { useMe } from '@/data/session'
import { onePane } from '@/shell/layout'
import { bulkPicking, type BulkPick } from './bulkChoices'
import type { ListLookState } from './look'
import { popOut } from './popout'
import { useListPosition } from './position'
import type { Selection } from './selection'

interface ListKeys {
  cursor: Ref<Uuid | undefined>
  open: Ref<Uuid | undefined>
  selection: Selection
  selectable: Ref<boolean>
  move: (by: number) => void
  enter: () => void
  refresh: () => void
  look: ListLookState
}

/** What can be done with a list by key. */
export function useListCommands({ cursor, open, selection, selectable, move, enter, refresh, look }: ListKeys): void {
  const position = useListPosition(open)
  useRowCommands(cursor, open, selection)
  const alone = (): boolean => !open.value
  const anySelected = (): boolean => selection.selected.value.length > 0
  const atCursor = (act: (uuid: Uuid) => void) => () => cursor.value && act(cursor.value)

  useCommands(() => {
    const section = t('command.section.list')
    // Beside an open conversation the keys open its neighbours; otherwise they move the cursor.
    return [
      {
        id: 'list.next',
        title: t('command.next'),
        section,
        keys: ['j'],
        icon: ArrowDown,
        run: () => (open.value ? position.openNext() : move(1)),
      },
      {
        id: 'list.previous',
        title: t('command.previous'),
        section,
        keys: ['k'],
        icon: ArrowUp,
        run: () => (open.value ? position.openPrevious() : move(-1)),
      },
      { id: 'list.open', title: t('command.open'), section, keys: ['Enter', 'o'], icon: CornerDownLeft, when: alone, offered: () => !!cursor.value, run: enter },
      { id: 'list.back', title: t('command.back'), section, keys: ['u'], icon: ArrowLeft, when: () => !alone(), run: position.back },
      {
        id: 'list.select',
        title: t('command.select'),
        section,
        keys: ['x'],
        icon: SquareCheck,
        when: () => selectable.value && !!cursor.value,
        run: atCursor(selection.toggle),
      },
      {
        id: 'list.select_range',
        title: t('command.select_range'),
        section,
        keys: ['Shift+x'],
        icon: ListChecks,
        when: () => selectable.value && !!cursor.value,
        offered: anySelected,
        run: atCursor(selection.extend),
      },
      { id: 'list.select_all', title: t('command.select_all'), section, icon: CheckCheck, when: () => selectable.value, run: selection.all },
      {
        id: 'list.clear_selection',
        title: t('command.clear_selection'),
        section,
        keys: ['Escape'],
        icon: X,
        when: anySelected,
        run: selection.clear,
      },
      {
        id: 'list.layout',
        title: t('command.layout'),
        section,
        keys: ['v'],
        icon: Table2,
        when: () => !onePane.value,
        run: () => look.setLayout(look.layout.value === 'table' ? 'cards' : 'table'),
      },
      { id: 'list.refresh', title: t('command.refresh'), section, icon: RefreshCw, run: refresh },
    ]
  })
}

/** What the keys do to the row of the cursor, while nothing is open and nothing chosen: what they do in a conversation. */
function useRowCommands(cursor: Ref<Uuid | undefined>, open: Ref<Uuid | undefined>, selection: Selection): void {
  const { me, can } = useMe()
  const onRow = (): boolean => !open.value && !!cursor.value && !selection.selected.value.length
  const act = (run: (uuid: Uuid) => unknown) => () => void (cursor.value && run(cursor.value))
  /** Chooses the row, and opens what is offered for all that are chosen. */
  const choose = (name: BulkPick) =>
    act((uuid) => {
      selection.toggle(uuid)
      void nextTick(() => setTimeout(() => (bulkPicking.value = name)))
    })

  useCommands(() => {
    const section = t('command.section.list')
    const may = (permission: string) => (): boolean => onRow() && can(`conversations:${permission}`)
    const own = me.value
    const commands: Command[] = [
      { id: 'row.resolve', title: t('conversation.resolve'), section, keys: ['e'], icon: CheckCheck, when: may('update_status'), run: act((uuid) => setStatus(uuid, 'Resolved')) },
      { id: 'row.close', title: t('conversation.close'), section, keys: ['Shift+e'], icon: CircleX, when: may('update_status'), run: act((uuid) => setStatus(uuid, 'Closed')) },
      { id: 'row.snooze', title: t('conversation.snooze_menu'), section, keys: ['s'], icon: Clock, when: may('update_status'), run: choose('snooze') },
      { id: 'row.assign', title: t('conversation.assign_to'), section, keys: ['a'], icon: UserRound, when: may('update_user_assignee'), run: choose('agent') },
      { id: 'row.assign_me', title: t('conversation.assign_me'), section, keys: ['i'], icon: UserRoundCheck, when: may('update_user_assignee'), run: act((uuid) => own && assignAgent(uuid, own.id, fullName(own))) },
      { id: 'row.team', title: t('conversation.pick_team'), section, keys: ['t'], icon: UsersRound, when: may('update_team_assignee'), run: choose('team') },
      { id: 'row.priority', title: t('conversation.pick_priority'), section, keys: ['p'], icon: SignalHigh, when: may('update_priority'), run: choose('priority') },
      { id: 'row.tags', title: t('conversation.pick_tags'), section, keys: ['l'], icon: Tag, when: may('update_tags'), run: choose('add_tags') },
      { id: 'row.unread', title: t('conversation.mark_unread'), section, keys: ['Shift+u'], icon: MailOpen, when: onRow, run: act(markUnread) },
      { id: 'row.merge', title: t('merge.menu'), section, keys: ['Shift+m'], icon: Merge, when: may('update_status'), run: act((uuid) => startMerge([uuid])) },
      { id: 'row.spam', title: t('conversation.mark_spam'), section, keys: ['!'], icon: OctagonAlert, when: may('update_status'), run: act(markSpam) },
      { id: 'row.trash', title: t('conversation.move_to_trash'), section, keys: ['#'], icon: Trash2, when: may('update_status'), run: act(moveToTrash) },
      { id: 'row.pop_out', title: t('conversation.pop_out'), section, keys: ['Shift+o'], icon: AppWindow, when: onRow, run: act(popOut) },
    ]
    return commands
  })
}
