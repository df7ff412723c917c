import { watch } from 'vue'
import { setHabits, useHabits } from '@/data/habits'
import { adopt, look } from '@/data/theme'

/** Keeps how the desk looks the same in every browser of the agent, for the life of the calling component. */
export function useLook(): void {
  const { data: habits } = useHabits()
  const same = (): boolean => JSON.stringify(habits.value?.look) === JSON.stringify(look.value)
  watch(() => habits.value?.look, (chosen) => chosen && adopt(chosen), { immediate: true })
  watch(look, () => {
    // A choice that could not be kept holds in this browser.
    if (habits.value && !same()) setHabits({ look: look.value }).catch(() => {})
  })
}
