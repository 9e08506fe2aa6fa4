/** Who may import whom: each room with the rooms and packages that it may know beside itself, errors.ts and limits.ts. */

export interface Room {
  readonly rooms: readonly string[];
  /** Packages, and modules of Node; undefined: whatever package.json lists. */
  readonly packages: readonly string[] | undefined;
}

const nothing: readonly string[] = [];
/** Of its functions those that are given nothing but their arguments: timeChanceAndIo holds off the others. */
const hashing: readonly string[] = ['node:crypto'];
const store = ['replica/', 'replica/crdt/', 'replica/query/', 'replica/log/', 'replica/gossip/'];

/** A file belongs to the room whose path is the longest beginning of its own. */
export const rooms: Readonly<Record<string, Room>> = {
  'server/': {
    rooms: [
      'server/subscriptions/',
      'server/plans/',
      'schema/',
      'resolvers/',
      'uploads/',
      'uploads/blobs/',
      'uploads/transfer/',
      'definitions/',
      'replica/sync/',
      'replica/redis/',
      'replica/lmdb/',
      ...store,
    ],
    packages: undefined,
  },
  'server/subscriptions/': { rooms: ['server/', 'schema/', 'resolvers/', ...store], packages: undefined },
  'server/plans/': { rooms: [], packages: ['graphql'] },
  'schema/': { rooms: ['resolvers/', 'uploads/', 'definitions/', ...store], packages: undefined },
  'resolvers/': { rooms: ['uploads/', 'definitions/', ...store], packages: ['graphql'] },
  'uploads/': { rooms: ['uploads/blobs/', 'uploads/transfer/', ...store], packages: undefined },
  'uploads/blobs/': { rooms: [], packages: undefined },
  'uploads/transfer/': {
    rooms: ['uploads/blobs/', 'replica/gossip/', 'replica/'],
    packages: [...hashing, 'node:stream', 'node:stream/consumers'],
  },
  'definitions/': { rooms: ['replica/crdt/'], packages: undefined },
  'replica/': { rooms: ['replica/sync/', ...store], packages: nothing },
  'replica/crdt/': { rooms: [], packages: nothing },
  'replica/query/': { rooms: ['replica/', 'replica/crdt/'], packages: hashing },
  'replica/sync/': { rooms: store, packages: nothing },
  'replica/log/': { rooms: ['replica/crdt/'], packages: hashing },
  'replica/gossip/': { rooms: ['replica/crdt/', 'replica/log/'], packages: nothing },
  'replica/redis/': { rooms: ['replica/crdt/', 'replica/log/', 'replica/gossip/', 'replica/'], packages: undefined },
  'replica/lmdb/': { rooms: ['replica/crdt/', 'replica/log/', 'replica/gossip/', 'replica/'], packages: undefined },
  'scripts/': { rooms: ['server/', 'schema/', 'definitions/'], packages: undefined },
};

export const forEveryRoom: ReadonlySet<string> = new Set(['errors.ts', 'limits.ts']);

/** Packages that one room alone knows, so that they can be exchanged there. */
export const keptTo: Readonly<Record<string, readonly string[]>> = {
  ioredis: ['replica/redis/'],
  lmdb: ['replica/lmdb/'],
  multer: ['uploads/'],
  '@pothos/core': ['schema/'],
};

/** Where time, chance and I/O are arguments. The adapters are the rim, and have them. */
export const isGivenTime = (path: string): boolean =>
  /^(replica|uploads\/transfer)\//.test(path) && !/^replica\/(redis|lmdb)\//.test(path);

export const timeChanceAndIo =
  /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.|\bset(?:Timeout|Interval|Immediate)\(|\bprocess\.|(?<![.#\w]|async )fetch\(|\brandom(?:Bytes|UUID|Int)\(|\bgetRandomValues\(/;

export function roomOf(path: string): string | undefined {
  let found: string | undefined;
  for (const room of Object.keys(rooms)) {
    if (path.startsWith(room) && room.length > (found?.length ?? 0)) found = room;
  }
  return found;
}
