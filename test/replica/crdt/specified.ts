/**
 * A reader written from docs/internals/codec.md alone, with nothing of the product's own: it believes what it reads, and knows no limit.
 * It gives arrays and objects as the document names the parts.
 */

export class Specified {
  readonly #bytes: Uint8Array;
  readonly #remembers: boolean;
  readonly #stamps: Stamp[] = [];
  #strings: string[] = [];
  #at = 0;
  #before = { log: '', position: 0, origin: '', number: 0, time: 0 };

  constructor(bytes: Uint8Array, form: 'DELTAS' | 'DOCUMENTS') {
    this.#bytes = bytes;
    this.#remembers = form === 'DOCUMENTS';
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? Number.NaN;
  }

  varint(): number {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value += BigInt(byte % 128) << shift;
      if (byte < 128) return Number(value);
    }
  }

  text(length = this.varint()): string {
    this.#at += length;
    return Buffer.from(this.#bytes.subarray(this.#at - length, this.#at)).toString();
  }

  string(head = this.varint()): string {
    if (head % 2 === 0) return this.#strings[head / 2] ?? 'missing';
    const text = this.text((head - 1) / 2);
    if (this.#remembers) this.#strings.push(text);
    return text;
  }

  list<Item>(read: () => Item, count = this.varint()): Item[] {
    return Array.from({ length: count }, read);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  value(): unknown {
    const tag = this.byte();
    if (tag >= 128) return tag - 128;
    if (tag >= 64) return this.string(tag - 64);
    const view = Buffer.from(this.#bytes);
    const eight = () => {
      this.#at += 8;
      return this.#at - 8;
    };
    const readers: readonly (() => unknown)[] = [
      () => null,
      () => false,
      () => true,
      () => this.varint(),
      () => -this.varint(),
      () => view.readDoubleLE(eight()),
      () => view.readBigInt64LE(eight()),
      () => view.readBigUInt64LE(eight()),
      () => this.string(),
      () => this.list(() => this.value()),
      () => ({ object: this.list(() => [this.string(), this.value()]) }),
      () => ({ attachment: this.string() }),
    ];
    return readers[tag]?.();
  }

  readonly totals = () => [this.value(), this.value()];

  shared() {
    const base = { time: this.varint(), position: this.varint() };
    this.#strings = this.list(() => this.text());
    this.list(() => [this.varint(), this.text()]);
    return base;
  }

  deltaAlone() {
    const format = this.byte();
    const base = this.shared();
    const origin = this.text();
    const number = this.varint();
    const log = this.text();
    return { format, ...this.frame(base, { origin, log }, () => number) };
  }

  body(head: { readonly log: string; readonly origin: string; readonly firstNumber: number; readonly count: number }) {
    const format = this.byte();
    const base = this.shared();
    let last = 0;
    const deltas = this.list(() => {
      const delta = this.frame(base, head, (gap) => (last === 0 ? head.firstNumber : last + gap));
      last = delta.number;
      return delta;
    }, head.count);
    return { format, deltas };
  }

  frame(
    base: { readonly time: number; readonly position: number },
    { log, origin }: { readonly log: string; readonly origin: string },
    numberOf: (gap: number) => number,
  ) {
    const length = this.varint();
    const end = this.#at + length;
    const flags = this.byte();
    const time = base.time + this.varint();
    const gap = flags & 1 ? this.varint() : 1;
    const number = numberOf(gap);
    const position = base.position + (flags & 2 ? this.varint() : 0);
    const contextLog = flags & 4 ? this.string() : log;
    const others = flags & 8 ? this.list(() => [this.string(), this.varint()]) : [];
    const placed = flags & 16 ? [this.string(), this.varint()] : undefined;
    const documents = this.list(
      () => ({ collection: this.string(), id: this.string(), operations: this.list(() => this.operation()) }),
      flags & 32 ? this.varint() : 1,
    );
    this.#at = end;
    const context = { log: contextLog, position, numberBefore: number - gap, others };
    return { origin, number, time, context, placed, documents };
  }

  operation() {
    const tag = this.byte();
    const keys = Math.floor(tag / 8) % 4;
    const path = this.list(() => this.string(), keys === 3 ? this.varint() : keys);
    const more = (tag & 32) !== 0;
    const isDefault = tag >= 128;
    const floors = () =>
      more
        ? this.list(() => [
            [...path, ...this.list(() => this.string())],
            this.string(),
            this.varint(),
            ...this.totals(),
          ])
        : [];
    switch (tag % 8) {
      case 0:
        return ['assign', path, isDefault, this.value(), floors()];
      case 1:
        return ['makeMap', path, isDefault];
      case 2:
        return ['makeCounter', path, isDefault, more ? this.value() : undefined];
      case 3:
        return ['increment', path, isDefault, this.varint(), more ? this.totals() : [0, 0], this.totals()];
      default:
        return ['remove', path, floors()];
    }
  }

  documentAlone() {
    return { format: this.byte(), ...this.document() };
  }

  chunk() {
    const format = this.byte();
    return {
      format,
      records: this.list(() => ({ collection: this.string(), id: this.text(), ...this.document() })),
    };
  }

  document() {
    const root = this.node();
    const lastWriter = this.stamp().slice(0, 4);
    return { root, lastWriter };
  }

  node(): unknown {
    const parts = this.byte();
    if (parts >= 64) return { registers: [[this.stamp(parts - 64), this.value()]] };
    const part = <Content>(flag: number, read: () => Content) => (parts & flag ? this.list(read) : undefined);
    return {
      registers: part(1, () => [this.stamp(), this.value()]),
      presence: part(2, () => this.stamp()),
      children: part(4, () => [this.string(), this.node()]),
      counterPresence: part(8, () => this.stamp()),
      bases: part(16, () => [this.stamp(), this.value()]),
      cells: part(32, () => [this.string(), this.varint(), ...this.totals(), ...this.totals()]),
    };
  }

  stamp(reference = this.varint()): Stamp {
    const known = this.#stamps.at(-reference);
    if (reference > 0 && known) return known;
    const flags = this.byte();
    const before = this.#before;
    const inLog = (flags & 2) !== 0;
    const different = (from: number, lower: number) => from + (flags & lower ? -1 : 1) * this.varint();
    if (inLog) {
      if (!(flags & 8)) before.log = this.string();
      before.position = different(before.position, 16);
    }
    if (!(flags & 4)) before.origin = this.string();
    before.number = different(before.number, 32);
    if (!(flags & 1)) before.time = different(before.time, 64);
    const stamp: Stamp = [
      inLog ? before.log : undefined,
      inLog ? before.position : 0,
      before.origin,
      before.number,
      flags & 1 ? 0 : before.time,
      (flags & 1) !== 0,
    ];
    this.#stamps.push(stamp);
    return stamp;
  }
}

/** Log, position, origin, number, time, whether it is default data. */
export type Stamp = readonly [string | undefined, number, string, number, number, boolean];
