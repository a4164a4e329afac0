/** Blocks are whole units of so many bytes, at multiples of it: a cache line. */
export const UNIT_BYTES = 64;

/** A run of units that does not move. All but `start` and `size` belongs to the allocator. */
export class Block {
  /** In units, so that it is a small integer however high the address. */
  start = 0;
  size = 0;
  free = false;
  /** The neighbours in memory. */
  before: Block | undefined = undefined;
  after: Block | undefined = undefined;
  /** The neighbours in the free list; `next` also chains objects that wait to be used again. */
  previous: Block | undefined = undefined;
  next: Block | undefined = undefined;
}

/** Sizes below 8 units have a class each, then every power of two is 8 classes: a class spans at most 1/8 of its size. */
const CLASSES_A_GROUP = 8;
const GROUPS = 24;

/** So many blocks of a request's own class are looked at before a larger class is. */
const TRIES = 8;

/**
 * Says which units are whose: two-level segregated fit (Masmano et al. 2004) in a time that does not depend on how many
 * blocks there are. Free neighbours are always merged. The objects of blocks are used again, so that it leaves no garbage.
 */
export class BlockAllocator {
  /** By class, the free blocks: last freed, first taken, since it is in the cache. */
  readonly #lists: (Block | undefined)[] = Array.from({ length: GROUPS * CLASSES_A_GROUP }, () => undefined);
  /** Bit c of entry g: class c of group g has a free block. Bit g of #groups: group g has one. */
  readonly #classes = new Uint8Array(GROUPS);
  #groups = 0;
  #last: Block | undefined;
  #end: number;
  #spare: Block | undefined;
  #used = 0;

  /** @param start the first unit that there is; {@link BlockAllocator.extend} adds some */
  constructor(start: number) {
    this.#end = start;
  }

  /** Units in use. */
  get used(): number {
    return this.#used;
  }

  /** Free units at the very end: so many fewer are missing there. */
  get tail(): number {
    return this.#last?.free ? this.#last.size : 0;
  }

  /** Units of the largest free block. */
  get largest(): number {
    let largest = 0;
    for (const list of this.#lists) {
      for (let block = list; block !== undefined; block = block.next) largest = Math.max(largest, block.size);
    }
    return largest;
  }

  /** A block of so many units (≥ 1), or undefined where no free one is large enough. */
  take(units: number): Block | undefined {
    const own = classOf(units);
    // What was freed a moment ago is often just as large as what is wanted now.
    const block = this.#fitting(own, units, TRIES) ?? this.#larger(own) ?? this.#fitting(own, units);
    if (block === undefined) return undefined;
    this.#unlist(block);
    if (block.size > units) this.#split(block, units);
    this.#used += units;
    return block;
  }

  /** Gives a block back that was taken. */
  give(block: Block): void {
    this.#used -= block.size;
    const { before, after } = block;
    let whole = block;
    if (before?.free) {
      this.#unlist(before);
      whole = this.#merged(before, block);
    }
    if (after?.free) {
      this.#unlist(after);
      whole = this.#merged(whole, after);
    }
    this.#list(whole);
  }

  /** Adds units behind those that there are. */
  extend(units: number): void {
    if (units === 0) return;
    const added = this.#behind(this.#last, this.#end, units);
    this.#end += units;
    this.#used += units;
    this.give(added);
  }

  /** The first block of a class that is large enough, among the first `tries`. */
  #fitting(index: number, units: number, tries = Number.POSITIVE_INFINITY): Block | undefined {
    let block = this.#lists[index];
    for (let i = 0; block !== undefined && i < tries; i++) {
      if (block.size >= units) return block;
      block = block.next;
    }
    return undefined;
  }

  /** A block of the next class that has any: all of them are larger than whatever belongs to class `index`. */
  #larger(index: number): Block | undefined {
    const from = index + 1;
    let group = from >> 3;
    let classes = group < GROUPS ? this.#classes[group]! & (0xff << (from & 7)) : 0;
    if (classes === 0) {
      const groups = group < GROUPS ? this.#groups & (-2 << group) : 0;
      if (groups === 0) return undefined;
      group = lowestBit(groups);
      classes = this.#classes[group]!;
    }
    return this.#lists[group * CLASSES_A_GROUP + lowestBit(classes)];
  }

  /** Cuts a block that is in no list to `units`; the rest is free. */
  #split(block: Block, units: number): void {
    const rest = this.#behind(block, block.start + units, block.size - units);
    block.size = units;
    this.#list(rest);
  }

  /** A block that comes after `before` in memory. */
  #behind(before: Block | undefined, start: number, size: number): Block {
    const block = this.#spare ?? new Block();
    this.#spare = block.next;
    block.next = undefined;
    block.start = start;
    block.size = size;
    block.before = before;
    block.after = before?.after;
    if (before !== undefined) before.after = block;
    if (block.after !== undefined) block.after.before = block;
    else this.#last = block;
    return block;
  }

  /** One block of two neighbours that are in no list. */
  #merged(block: Block, after: Block): Block {
    block.size += after.size;
    block.after = after.after;
    if (block.after !== undefined) block.after.before = block;
    else this.#last = block;
    after.before = undefined;
    after.after = undefined;
    after.next = this.#spare;
    this.#spare = after;
    return block;
  }

  #list(block: Block): void {
    const index = classOf(block.size);
    const first = this.#lists[index];
    block.free = true;
    block.next = first;
    if (first !== undefined) first.previous = block;
    this.#lists[index] = block;
    const group = index >> 3;
    this.#classes[group]! |= 1 << (index & 7);
    this.#groups |= 1 << group;
  }

  #unlist(block: Block): void {
    const { previous, next } = block;
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined) previous.next = next;
    else {
      const index = classOf(block.size);
      this.#lists[index] = next;
      if (next === undefined) {
        const group = index >> 3;
        this.#classes[group]! &= ~(1 << (index & 7));
        if (this.#classes[group] === 0) this.#groups &= ~(1 << group);
      }
    }
    block.free = false;
    block.previous = undefined;
    block.next = undefined;
  }
}

/** The class of a size in units: the size itself below 8, then its power of two and its next three bits. */
function classOf(units: number): number {
  if (units < CLASSES_A_GROUP) return units;
  const power = 31 - Math.clz32(units);
  return (power - 2) * CLASSES_A_GROUP + ((units >> (power - 3)) & 7);
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
