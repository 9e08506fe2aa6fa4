/**
 * Who may import whom: one ordered list. A room imports from the rooms that stand before it, and never from one that stands
 * after it. errors.ts, invariant.ts and limits.ts stand before all of them.
 */

export interface Room {
  readonly path: string;
  /** Packages, and modules of Node; undefined: whatever package.json lists. */
  readonly packages?: readonly string[];
  /** Where those who may import it begin; undefined: every room after it. */
  readonly seenBy?: readonly string[];
}

const nothing: readonly string[] = [];
/** Only functions that are given nothing but their arguments: timeChanceAndIo holds off the others. */
const hashing: readonly string[] = ['node:crypto'];

/** The replica's inside: the rooms above know its face alone, and the server's root puts it together. */
const inside = { packages: nothing, seenBy: ['replica/'] };

/** From the ground up. A file belongs to the room whose path is the longest beginning of its own. */
export const rooms: readonly Room[] = [
  { path: 'replica/environment/', packages: nothing },
  { path: 'replica/values/', packages: nothing },
  { path: 'replica/crdt/', packages: nothing },
  { path: 'replica/codec/', ...inside },
  { path: 'replica/query/', packages: nothing },
  { path: 'replica/query/structures/', packages: nothing, seenBy: ['replica/query/', 'replica/state/'] },
  { path: 'replica/query/filters/', packages: nothing },
  { path: 'replica/query/access/', packages: nothing },
  { path: 'replica/query/pages/', packages: hashing },
  { path: 'replica/query/live/', packages: nothing },
  { path: 'replica/log/', packages: hashing, seenBy: ['replica/', 'server/', 'uploads/'] },
  { path: 'replica/gossip/', packages: nothing },
  { path: 'replica/', packages: nothing },
  { path: 'replica/history/', ...inside },
  { path: 'replica/state/', ...inside },
  { path: 'replica/sync/', ...inside },
  { path: 'replica/sync/outbox/', ...inside },
  { path: 'replica/sync/snapshots/', ...inside },
  { path: 'replica/sync/healing/', ...inside },
  { path: 'replica/sync/start/', ...inside },
  { path: 'replica/transactions/', ...inside },
  { path: 'replica/readers/', ...inside },
  { path: 'replica/running/', packages: nothing, seenBy: ['server/'] },
  { path: 'replica/redis/scripts/', seenBy: ['replica/redis/'] },
  { path: 'replica/redis/connection/', seenBy: ['replica/redis/', 'server/'] },
  { path: 'replica/redis/', seenBy: ['server/'] },
  { path: 'replica/lmdb/', seenBy: ['server/'] },
  { path: 'definitions/' },
  { path: 'uploads/blobs/' },
  { path: 'uploads/transfer/', packages: [...hashing, 'node:stream', 'node:stream/consumers'] },
  { path: 'uploads/' },
  { path: 'resolvers/', packages: ['graphql'] },
  { path: 'resolvers/typed/', packages: ['graphql'] },
  { path: 'schema/builder/' },
  { path: 'schema/types/' },
  { path: 'schema/collections/' },
  { path: 'schema/' },
  { path: 'server/operation/plans/', packages: ['graphql'], seenBy: ['server/operation/'] },
  { path: 'server/operation/' },
  { path: 'server/traffic/' },
  { path: 'server/subscriptions/' },
  { path: 'server/execution/' },
  { path: 'server/graphiql/' },
  { path: 'server/websocket/' },
  { path: 'server/http/' },
  { path: 'server/' },
  { path: 'scripts/client/' },
  { path: 'scripts/' },
];

export const beforeEveryRoom: ReadonlySet<string> = new Set(['errors.ts', 'invariant.ts', 'limits.ts']);

/** A document is a tree of nodes, of which each knows the others. */
export const circle: readonly string[] = [
  'replica/crdt/document-node.ts',
  'replica/crdt/map-node.ts',
  'replica/crdt/tree.ts',
];

/** Packages that one room and the rooms in it alone know, so that they can be exchanged there. */
export const keptTo: Readonly<Record<string, string>> = {
  ioredis: 'replica/redis/',
  lmdb: 'replica/lmdb/',
  multer: 'uploads/',
  '@pothos/core': 'schema/',
};

/** Where time, chance and I/O are arguments. The adapters are the rim, and have them. */
export const isGivenTime = (path: string): boolean =>
  /^(replica|uploads\/transfer)\//.test(path) && !/^replica\/(redis|lmdb)\//.test(path);

export const timeChanceAndIo =
  /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.|\bset(?:Timeout|Interval|Immediate)\(|\bprocess\.|(?<![.#\w]|async )fetch\(|\brandom(?:Bytes|UUID|Int)\(|\bgetRandomValues\(/;

export function roomOf(path: string): Room | undefined {
  let found: Room | undefined;
  for (const room of rooms) {
    if (path.startsWith(room.path) && room.path.length > (found?.path.length ?? 0)) found = room;
  }
  return found;
}

/** @returns why a file of the first room may not import one of the second; undefined where it may */
export function whyNot(own: Room, other: Room): string | undefined {
  if (own === other) return undefined;
  if (rooms.indexOf(other) > rooms.indexOf(own)) return `${other.path} stands after ${own.path}`;
  const { seenBy } = other;
  const isSeen = seenBy?.some((beginning) => own.path.startsWith(beginning)) ?? true;
  return isSeen ? undefined : `${other.path} is only for ${seenBy?.join(' and ')}`;
}

/** Files that import each other in a loop, types included: each loop once, its files in order of name. */
export function circlesIn(imports: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  // Tarjan, Depth-first search and linear graph algorithms, 1972.
  const found: (readonly string[])[] = [];
  const numbers = new Map<string, number>();
  const stack: string[] = [];
  const lowestFrom = (file: string): number => {
    const own = numbers.size;
    numbers.set(file, own);
    stack.push(file);
    let lowest = own;
    for (const other of imports.get(file) ?? []) {
      const number = numbers.get(other);
      if (number === undefined) lowest = Math.min(lowest, lowestFrom(other));
      else if (stack.includes(other)) lowest = Math.min(lowest, number);
    }
    if (lowest === own) {
      const loop = stack.splice(stack.lastIndexOf(file));
      if (loop.length > 1) found.push(loop.sort());
    }
    return lowest;
  };
  for (const file of imports.keys()) if (!numbers.has(file)) lowestFrom(file);
  return found;
}
