/** A set that most often has a single member, and then needs no Set object. */
export class SmallSet<Member extends NonNullable<unknown>> implements Iterable<Member> {
  #only: Member | undefined;
  #more: Set<Member> | undefined;

  get size(): number {
    return this.#more?.size ?? (this.#only === undefined ? 0 : 1);
  }

  add(member: Member): void {
    if (this.#more !== undefined) this.#more.add(member);
    else if (this.#only === undefined || this.#only === member) this.#only = member;
    else {
      this.#more = new Set([this.#only, member]);
      this.#only = undefined;
    }
  }

  /** @returns whether the member was in the set */
  delete(member: Member): boolean {
    if (this.#more !== undefined) {
      const wasIn = this.#more.delete(member);
      if (this.#more.size === 0) this.#more = undefined;
      return wasIn;
    }
    if (this.#only !== member) return false;
    this.#only = undefined;
    return true;
  }

  *[Symbol.iterator](): Iterator<Member> {
    if (this.#more !== undefined) yield* this.#more;
    else if (this.#only !== undefined) yield this.#only;
  }
}
