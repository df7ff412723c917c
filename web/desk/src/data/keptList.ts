/** A list that all tabs of the signed-in agent keep in one place of this browser. */
export class KeptList<T> {
  constructor(
    private readonly key: string,
    private readonly storage: () => Pick<Storage, 'getItem' | 'setItem'> | null,
  ) {}

  /** What is kept; undefined where that cannot be told, which does not mean that nothing is. */
  all(): T[] | undefined {
    try {
      const text = this.storage()?.getItem(this.key)
      return text ? (JSON.parse(text) as T[]) : undefined
    } catch {
      return undefined
    }
  }

  /** Changes what is kept, which other tabs change, too. False where the browser keeps nothing: storage is full or blocked. */
  change(to: (all: T[]) => T[]): boolean {
    const storage = this.storage()
    try {
      storage?.setItem(this.key, JSON.stringify(to(this.all() ?? [])))
      return !!storage
    } catch {
      return false
    }
  }
}
