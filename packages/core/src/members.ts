/** What can be a member: it holds the links, so that joining and leaving make no garbage. */
export interface Member<M> {
  /** @internal */
  nextMember: M | undefined;
  /** @internal */
  previousMember: M | undefined;
}

/** The members of a region. Each is a member of one region at a time. */
export class Members<M extends Member<M>> {
  #last: M | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(member: M): void {
    const last = this.#last;
    member.previousMember = last;
    if (last !== undefined) last.nextMember = member;
    this.#last = member;
    this.#size++;
  }

  remove(member: M): void {
    const { previousMember, nextMember } = member;
    if (previousMember !== undefined) previousMember.nextMember = nextMember;
    if (nextMember !== undefined) nextMember.previousMember = previousMember;
    else this.#last = previousMember;
    member.previousMember = undefined;
    member.nextMember = undefined;
    this.#size--;
  }

  /** Takes out the member that joined last, if there is any. */
  removeLast(): M | undefined {
    const last = this.#last;
    if (last !== undefined) this.remove(last);
    return last;
  }

  /** All of them, the last first. */
  list(): M[] {
    const list: M[] = [];
    for (let member = this.#last; member !== undefined; member = member.previousMember) list.push(member);
    return list;
  }
}
