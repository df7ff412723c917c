import { ArrowDown, ArrowLeft, ArrowUp, CheckCheck, RefreshCw, SquareCheck, Table2, X } from '@lucide/vue'
import type { Uuid } from '@ui/api/types'
import { t } from '@ui/i18n'
import type { Ref } from 'vue'
import { useCommands } from '@/commands/registry'
import { onePane } from '@/shell/layout'
import type { ListLookState } from './look'
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
      { id: 'list.open', title: t('command.open'), section, keys: ['Enter', 'o'], keyOnly: true, when: alone, run: enter },
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
        keyOnly: true,
        when: () => selectable.value && !!cursor.value,
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
