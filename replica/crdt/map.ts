/**
 * Edits maps while operations are applied. Trees are immutable values; but one run of operations (a transaction, or a
 * draft between two reads of its state) copies a map once and then writes into its own copy, so a transaction that
 * writes many keys costs one step for each.
 * Source: transients, as in Clojure's persistent collections.
 */

import type { Value } from '../values/value.ts';
import type { DocumentNode, DocumentState, Liveness } from './document-node.ts';
import { MapNode } from './map-node.ts';
import { livenessOf, nodeOf } from './node.ts';
import { dropStamps, makeStamp, type Stamp } from './stamp.ts';
import { CounterNode, RegisterNode } from './tree.ts';
import type { Writer } from './version.ts';

/** One run of operations by one writer. No other code may hold a node that it created until end() is called. */
export class Edit {
  readonly writer: Writer;
  /** The map copied or created last; it may be written into. */
  #own: MapNode | undefined;
  /** The maps copied or created before. */
  #others: Set<MapNode> | undefined;
  /** Whether one of these maps has gained keys. */
  #hasGrown = false;
  /** The entry put last into a map, if its stamp is the writer's own. */
  #entry: Stamp | undefined;
  #stamp: Stamp | undefined;
  #defaultStamp: Stamp | undefined;

  constructor(writer: Writer) {
    this.writer = writer;
  }

  stamp(isDefault: boolean): Stamp {
    if (!isDefault) {
      this.#stamp ??= this.#make(false);
      return this.#stamp;
    }
    this.#defaultStamp ??= this.#make(true);
    return this.#defaultStamp;
  }

  /** @param stamp the stamp of its presence */
  newMap(stamp: Stamp): MapNode {
    return this.#take(MapNode.present(stamp));
  }

  /** The map with its presence replaced. */
  withPresence(map: MapNode | undefined, presence: readonly Stamp[]): MapNode {
    const [stamp] = presence;
    if (map === undefined) return this.#take(MapNode.empty(stamp ?? this.stamp(false), presence));
    const own = this.#ownMap(map);
    own.setPresence(presence);
    return own;
  }

  /**
   * The map with one child replaced; undefined removes the child.
   * @param was the liveness of the former child, from before anything below it was changed in place
   */
  withChild(map: MapNode | undefined, key: string, child: DocumentNode | undefined, was: Liveness): MapNode {
    const own = map === undefined ? this.#take(MapNode.empty(this.stamp(false), [])) : this.#ownMap(map);
    if (child === undefined) {
      this.#entry = undefined;
      own.deleteChild(key, was);
      return own;
    }
    this.#entry = this.#isEntry(child) ? child : undefined;
    const size = own.size;
    own.setChild(key, child, was, livenessOf(child));
    this.#hasGrown ||= own.size > size;
    return own;
  }

  /**
   * M3, by the fast path. Undefined: the key holds something the writer has not seen, or that needs the general path.
   */
  withRegister(map: MapNode, key: string, value: Value): MapNode | undefined {
    const place = map.placeFor(key, this.writer);
    if (place < 0) return undefined;
    const own = this.#ownMap(map);
    this.#hasGrown ||= place === own.size;
    this.#entry = own.putRegister(key, place, this.stamp(false), value);
    return own;
  }

  /** Drops all covered entries in the map and below it, bases included. Cells stay. */
  dropMap(map: MapNode | undefined): MapNode | undefined {
    if (map === undefined) return undefined;
    const presence = dropStamps(map.presence, this.writer);
    const own = MapNode.empty(map, presence);
    let changed = presence.length !== map.presence.length;
    for (const [key, child] of map) {
      const kept = this.dropNode(child);
      changed ||= kept !== child;
      if (kept !== undefined) own.setChild(key, kept, 0, livenessOf(kept));
    }
    if (!changed) return map;
    this.#take(own);
    this.#entry = undefined;
    this.#hasGrown = true;
    return own;
  }

  /** Drops all covered entries at the node and below it, bases included. Cells stay. */
  dropNode(node: DocumentNode): DocumentNode | undefined {
    const { writer } = this;
    if (node instanceof RegisterNode) return writer.covers(node.stamp) ? undefined : node;
    const { counter: former } = node;
    const registers = node.registers.filter(({ stamp }) => !writer.covers(stamp));
    const map = this.dropMap(node.map);
    const counter = former && {
      presence: dropStamps(former.presence, writer),
      bases: former.bases.filter(({ stamp }) => !writer.covers(stamp)),
      cells: former.cells,
    };
    const unchanged =
      registers.length === node.registers.length &&
      map === node.map &&
      counter?.presence === former?.presence &&
      counter?.bases.length === former?.bases.length;
    return unchanged ? node : nodeOf(registers, map, counter);
  }

  /**
   * Ends the edit: returns the document state with this root, touched by the writer. From now on the nodes are
   * immutable.
   */
  end(root: DocumentNode | undefined): DocumentState | undefined {
    const document = root?.map && this.#ownMap(root.map);
    document?.setLastWriter(this.#entry ?? this.stamp(false));
    if (this.#hasGrown) {
      this.#own?.compact();
      for (const own of this.#others ?? []) own.compact();
    }
    this.#own = undefined;
    this.#others = undefined;
    this.#entry = undefined;
    this.#hasGrown = false;
    return document;
  }

  #isEntry(child: DocumentNode): child is RegisterNode | CounterNode {
    return (
      (child instanceof RegisterNode || child instanceof CounterNode) &&
      child.number === this.writer.number &&
      child.origin === this.writer.origin
    );
  }

  #make(isDefault: boolean): Stamp {
    const { log, position, origin, number, time } = this.writer;
    return makeStamp(log, position, origin, number, time, isDefault);
  }

  #ownMap(map: MapNode): MapNode {
    return map === this.#own || this.#others?.has(map) ? map : this.#take(map.copy());
  }

  #take(made: MapNode): MapNode {
    if (this.#own !== undefined) {
      this.#others ??= new Set();
      this.#others.add(this.#own);
    }
    this.#own = made;
    return made;
  }
}
