/**
 * Maps while operations are applied: trees are immutable values, but one run of operations (a transaction, or a draft
 * between two looks at it) copies a map once and then writes into its own copy, so that a transaction that writes many
 * keys costs as many steps.
 * Source: transients, as in Clojure's persistent collections.
 */
import { type DocumentNode, hasReal, isLive, type MapPart, nodeOf } from './node.ts';
import { dropStamps, type Stamp, stampOf } from './stamp.ts';
import type { Writer } from './version.ts';

interface OwnMap extends MapPart {
  presence: readonly Stamp[];
  readonly children: Map<string, DocumentNode>;
  liveChildren: number;
  realChildren: number;
}

/** One run of operations by one writer. Nobody else may hold a node that it made until it is over. */
export class Edit {
  readonly writer: Writer;
  /** By themselves: what was made here, and may be written into. */
  readonly #own = new Map<MapPart, OwnMap>();
  readonly #stamp: Stamp;
  readonly #defaultStamp: Stamp;

  constructor(writer: Writer) {
    this.writer = writer;
    this.#stamp = stampOf(writer, false);
    this.#defaultStamp = stampOf(writer, true);
  }

  stamp(isDefault: boolean): Stamp {
    return isDefault ? this.#defaultStamp : this.#stamp;
  }

  /** The map with another presence. */
  withPresence(map: MapPart | undefined, presence: readonly Stamp[]): MapPart {
    const own = this.#ownMap(map);
    own.presence = presence;
    return own;
  }

  /**
   * The map with another child; undefined takes it out.
   * @param was of the child that was there, before anything below it was changed in place
   */
  withChild(map: MapPart | undefined, key: string, child: DocumentNode | undefined, was: Liveness): MapPart {
    const own = this.#ownMap(map);
    if (child === undefined) own.children.delete(key);
    else own.children.set(key, child);
    const is = livenessOf(child);
    own.liveChildren += is.live - was.live;
    own.realChildren += is.real - was.real;
    return own;
  }

  /** Drops all covered entries in the map and below: bases too, cells never. */
  dropMap(map: MapPart | undefined): MapPart | undefined {
    if (map === undefined) return undefined;
    const presence = dropStamps(map.presence, this.writer);
    const own: OwnMap = { presence, children: new Map(), liveChildren: 0, realChildren: 0 };
    let changed = presence !== map.presence;
    for (const [key, child] of map.children) {
      const kept = this.dropNode(child);
      changed ||= kept !== child;
      if (kept === undefined) continue;
      const { live, real } = livenessOf(kept);
      own.children.set(key, kept);
      own.liveChildren += live;
      own.realChildren += real;
    }
    if (!changed) return map;
    this.#own.set(own, own);
    return own;
  }

  /** Drops all covered entries at the node and below: bases too, cells never. */
  dropNode(node: DocumentNode): DocumentNode | undefined {
    const { writer } = this;
    const registers = node.registers.filter(({ stamp }) => !writer.covers(stamp));
    const map = this.dropMap(node.map);
    const counter = node.counter && {
      presence: dropStamps(node.counter.presence, writer),
      bases: node.counter.bases.filter(({ stamp }) => !writer.covers(stamp)),
      cells: node.counter.cells,
    };
    const unchanged =
      registers.length === node.registers.length &&
      map === node.map &&
      counter?.presence === node.counter?.presence &&
      counter?.bases.length === node.counter?.bases.length;
    return unchanged ? node : nodeOf(registers, map, counter);
  }

  #ownMap(map: MapPart | undefined): OwnMap {
    const existing = map && this.#own.get(map);
    if (existing) return existing;
    const made: OwnMap = map
      ? { ...map, children: new Map(map.children) }
      : { presence: [], children: new Map(), liveChildren: 0, realChildren: 0 };
    this.#own.set(made, made);
    return made;
  }
}

/** 1 or 0 each, as they are summed up over children. */
export interface Liveness {
  readonly live: number;
  readonly real: number;
}

export const livenessOf = (node: DocumentNode | undefined): Liveness => ({
  live: isLive(node) ? 1 : 0,
  real: hasReal(node) ? 1 : 0,
});
