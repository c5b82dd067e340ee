/** What knows its place in a crowd. */
export interface Member {
  place: number
}

/**
 * Very many things that come and go. Not a Set: one that is changed very often leaves tables behind
 * which keep all that ever was in it alive until the next full garbage collection.
 */
export class Crowd<T extends Member> {
  readonly #members: T[] = []

  get size(): number {
    return this.#members.length
  }

  add(member: T): void {
    member.place = this.#members.length
    this.#members.push(member)
  }

  /** It must be in it. */
  remove(member: T): void {
    const last = this.#members.pop()
    if (last === undefined || last === member) return
    last.place = member.place
    this.#members[last.place] = last
  }

  /** Those that are in it now; they may leave meanwhile. */
  [Symbol.iterator](): IterableIterator<T> {
    return [...this.#members].values()
  }
}
