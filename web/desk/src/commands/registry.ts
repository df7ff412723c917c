import { characterKeys, isMac, works } from '@ui/keys'
import { isBoolean, preference } from '@/data/preferences'
import { computed, onScopeDispose, shallowReactive, watch, type Component, type ComputedRef } from 'vue'

/** Something the agent can do: by key, from the command bar, and listed in the shortcut sheet. */
export interface Command {
  /** Stable, dotted: `conversation.resolve`. */
  id: string
  title: string
  /** Heading in the command bar and the shortcut sheet. */
  section: string
  /**
   * Keys: `j`, `Shift+u`, `Mod+k` (⌘ on a Mac, Ctrl elsewhere), or a sequence `g i`. The first one
   * is shown. Single keys do nothing while a text field has the focus.
   */
  keys?: string[]
  icon?: Component
  /** More words to find it by. */
  keywords?: string
  /** False hides it and frees its keys. */
  when?: () => boolean
  /** Its keys are heard by the part of the page that registers it, where that has the focus; they are only printed here. */
  local?: boolean
  /** False keeps it out of the command bar, for want of something to act on; the shortcut sheet lists it all the same. */
  offered?: () => boolean
  run: () => void
}

type Source = () => Command[]

const sources = shallowReactive(new Set<Source>())

/** Registers commands for the life of the calling component. Later registrations win a shared key. */
export function useCommands(source: Source): void {
  sources.add(source)
  onScopeDispose(() => sources.delete(source))
}

/** Commands that can run now. */
export const commands = computed<Command[]>(() =>
  [...sources].flatMap((source) => source()).filter((command) => command.when?.() ?? true),
)

/** Those that the command bar has. */
export const offered = computed<Command[]>(() => commands.value.filter((command) => command.offered?.() ?? true))

/** What has keys that do something, by its section: for lists of shortcuts. Single keys are none where they are turned off. */
export const shortcuts = computed(() => {
  const sections = new Map<string, { id: string; title: string; keys: string[] }[]>()
  for (const { id, title, section, keys = [] } of commands.value) {
    const working = keys.filter(works)
    if (!working.length) continue
    const list = sections.get(section) ?? []
    list.push({ id, title, keys: working })
    sections.set(section, list)
  }
  return [...sections]
})

const choiceSources = shallowReactive(new Set<Source>())

/**
 * Registers what only the command bar offers, and only for what is typed: a line for each agent, tag or status that could be
 * meant. They are made when the bar is open.
 */
export function useChoices(source: Source): void {
  choiceSources.add(source)
  onScopeDispose(() => choiceSources.delete(source))
}

/** What else could be meant now. */
export const choices = computed<Command[]>(() =>
  [...choiceSources].flatMap((source) => source()).filter((command) => command.when?.() ?? true),
)

const firstKeys = computed(() => new Map(commands.value.map((command) => [command.id, command.keys?.[0]])))
const shownKeys = new Map<string, ComputedRef<string | undefined>>()

/** The shown key of a command, for tooltips and menus: told anew only if it is another, not whenever the commands are. */
export function keyOf(id: string): string | undefined {
  let key = shownKeys.get(id)
  if (!key) shownKeys.set(id, (key = computed(() => firstKeys.value.get(id))))
  return key.value
}

export function runCommand(id: string): void {
  commands.value.find((command) => command.id === id)?.run()
}

/** Agents who dictate or use other assistive input can turn single keys off. */
export const singleKeys = preference('singleKeys', true, isBoolean)
watch(singleKeys, (on) => (characterKeys.value = on), { immediate: true, flush: 'sync' })

/** Milliseconds to wait for the next key of a sequence. */
const sequenceTimeout = 1_200

/** The canonical name of a key press: `Mod+Shift+k`, `Shift+u`, `?`. */
export function keyName(event: KeyboardEvent): string {
  // AltGr makes characters and counts as Ctrl and Alt on Windows.
  const graph = event.getModifierState('AltGraph')
  const mod = !graph && (isMac ? event.metaKey : event.ctrlKey)
  const key = /^[A-Z]$/.test(event.key) ? event.key.toLowerCase() : (physical(event) ?? event.key)
  const shift = event.shiftKey && (/^[a-z]$/.test(key) || key.length > 1)
  return [mod && 'Mod', !graph && event.altKey && 'Alt', shift && 'Shift', key].filter(Boolean).join('+')
}

/** On layouts that lack a character the key decides that has it on the layout most agents learned. */
function physical({ key, code }: KeyboardEvent): string | undefined {
  if (key.length !== 1 || key <= '\u007f') return undefined
  if (/^Key[A-Z]$/.test(code)) return code.slice(3).toLowerCase()
  return { BracketLeft: '[', BracketRight: ']' }[code]
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || target.matches('input, textarea, select, [role="textbox"]')
}

const overlay = '[role="dialog"], [role="menu"], [role="listbox"]'

/**
 * Turns key presses into commands. Returns the handler; the app attaches it once. `now` and the
 * list are parameters for the tests.
 */
export function createKeyHandler(list: () => Command[] = () => commands.value, now: () => number = Date.now) {
  let pending = ''
  let pendingSince = 0

  return (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing) return
    if (['Shift', 'Control', 'Alt', 'Meta'].includes(event.key)) return
    const name = keyName(event)
    const chord = name.startsWith('Mod+') || name.startsWith('Alt+')
    if (!chord) {
      if ((!singleKeys.value && name !== 'Escape') || isTyping(event.target)) return
      if ((event.ctrlKey || event.metaKey) && !event.getModifierState('AltGraph')) return
      if (event.target instanceof HTMLElement && event.target.closest(overlay)) return
      // Enter and Space belong to a focused control.
      if ((name === 'Enter' || name === ' ') && event.target instanceof HTMLElement && event.target.matches('button, a, [role="button"], [role="tab"], [role="switch"]')) return
    }
    if (pending && now() - pendingSince > sequenceTimeout) pending = ''
    const typed = pending ? `${pending} ${name}` : name
    const available = list().filter((command) => !command.local)
    const hit = available.findLast((command) => command.keys?.includes(typed))
    if (hit) {
      pending = ''
      event.preventDefault()
      hit.run()
      return
    }
    const opens = available.some((command) => command.keys?.some((keys) => keys.startsWith(`${typed} `)))
    pending = opens ? typed : ''
    pendingSince = now()
    if (opens) event.preventDefault()
  }
}
