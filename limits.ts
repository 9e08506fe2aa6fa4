/** Every limit, with the reason for its value. Units are bytes, milliseconds or counts, as the names say. */

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

export const limits = {
  /** Part of the API: `_id`s are strings of 1 to 256 bytes. */
  idBytes: 256,
  /** Part of the API: collection names have 1 to 100 characters. */
  collectionCharacters: 100,
  /** Levels of maps, arrays and whole objects in a document. Recursion over them stays far from a stack overflow. */
  documentDepth: 64,
  /** One document as JSON. It travels whole in one delta, and is in memory several times over. */
  documentBytes: 16 * mebibyte,
  /**
   * One document in memory, as replica/crdt/memory.ts estimates it. It suffices for 16 MB of text or GeoJSON, or
   * 150,000 objects; 16 MB of empty objects would take a gigabyte, on each replica and at each start.
   */
  documentMemoryBytes: 64 * mebibyte,
  /** One encoded transaction. Redis runs its append in one go, during which all other clients wait. */
  transactionBytes: 32 * mebibyte,
  /** One transaction in memory, in its wire form: several documents of the maximum size. */
  transactionMemoryBytes: 256 * mebibyte,
  /**
   * A document decoded from bytes may take this many times documentMemoryBytes. Replicas that are cut off may each
   * extend a document up to its limit; the merged document has the sum, and must not be refused.
   */
  mergedMemoryFactor: 4,
  /**
   * A transaction decoded from bytes: twice what a replica writes, as a later version may estimate slightly
   * differently.
   */
  foreignTransactionMemoryBytes: 512 * mebibyte,
  /** Documents in one `upsertMany`. */
  documentsPerRequest: 10_000,
  /** Conditions in one filter, and its depth: evaluating a filter must not cost more than reading the documents. */
  filterNodes: 1_000,
  filterDepth: 32,
  /**
   * `extensions.warnings` of one response: their number, the documents that each inspects, and the names that each
   * lists.
   */
  warnings: 10,
  documentsPerWarning: 100,
  namesPerWarning: 20,
  /** The maximum of `first` and `last`, and the length of a list that sets neither. */
  pageSize: 10_000,
  orderFields: 16,
  /** Keys under which one live query is filed. A query with more is notified of every change of its collection. */
  liveQueryKeys: 10_000,
  /** One sort value in a cursor; of a longer one only a prefix is kept, as every edge of a page has a cursor. */
  cursorValueCharacters: 256,
  /**
   * A cursor sent by a client: more than the largest can have, with all order fields at their limit and every character
   * escaped.
   */
  cursorCharacters: 64 * kibibyte,
  /** Characters of a keypath. */
  keypathCharacters: 4 * kibibyte,

  /** The JSON of a GraphQL request: one document of the maximum size, escaped, plus the query. */
  requestBytes: 33 * mebibyte,
  /**
   * JSON values in a request, at all levels. An object takes some 64 bytes once it is parsed, and 192 as a part of a
   * document, so a request of nothing but objects takes at most a quarter of a gigabyte. Ordinary data reaches the
   * limit of bytes first, or nearly.
   */
  requestValues: 1_000_000,
  /** Levels of JSON in a request: the deepest document and its surroundings, far from a stack overflow. */
  requestDepth: 256,
  /** Characters of a JSON text that is parsed without checking the two limits above: it is too short to do harm. */
  smallJsonCharacters: 2 * kibibyte,
  /** Operations in one request: what a web page asks for at once. */
  batchedOperations: 10,
  /** The characters, depth and tokens of one GraphQL document: more than anyone writes by hand. */
  queryCharacters: 100 * kibibyte,
  queryDepth: 24,
  queryTokens: 20_000,
  /** Nested brackets of any kind: the deepest document as a literal, far from a stack overflow in the parser. */
  queryNesting: 256,
  /** Characters of parsed queries in the cache; as syntax trees they take about a hundred times as much memory. */
  cachedQueryCharacters: 512 * kibibyte,
  /**
   * An operation with more fields relative to its length, by fragments used in many places, gets no plan: a planned
   * field takes a kilobyte.
   */
  charactersPerPlannedField: 4,
  /**
   * All request bodies until they are answered, and large responses until they are read: fifteen of the largest
   * requests, which take several times as much once parsed.
   */
  inFlightBytes: 512 * mebibyte,
  /**
   * Bodies up to this size are not counted. Nearly all are smaller, and on all possible connections they take at most
   * 192 MB.
   */
  smallBodyBytes: 16 * kibibyte,
  /** About the size above which responses are created and sent in pieces; a piece takes about a millisecond. */
  largeAnswerBytes: 256 * kibibyte,
  answerPieceCharacters: 64 * kibibyte,
  /** A body must bring this much per window, or its sender is disconnected: the slowest mobile network is faster. */
  slowestBodyBytesPerSecond: 2 * kibibyte,
  bodyWindowMilliseconds: 10_000,
  uploadBytes: 1024 * mebibyte,
  uploadFiles: 16,
  attachmentMetadataBytes: 16 * kibibyte,
  filenameBytes: 255,
  contentTypeCharacters: 127,
  /** Part of the API: `base64` returns up to 1 MiB. */
  base64Bytes: mebibyte,

  /** WebSockets in total, subscriptions per socket, and how long a socket may wait before connection_init. */
  sockets: 10_000,
  subscriptionsPerSocket: 1_000,
  connectionInitMilliseconds: 5_000,
  /** Unsent bytes of a connection at which the next response or event ends it: its client does not read. */
  socketUnsentBytes: 64 * mebibyte,
  /**
   * The same for all connections together, including what is being sent; and as a share of the heap, to leave memory
   * for the rest of the process.
   */
  socketsBufferedBytes: 512 * mebibyte,
  socketsBufferedHeapShare: 1 / 4,
  /** The memory that a queued message takes besides its bytes. */
  frameOverheadBytes: 512,
  /** Messages other than operations: a ping, a pong or a connection_init with a token needs no more. */
  plainMessageCharacters: 64 * kibibyte,
  /** Refused origins and hosts that are logged, once each: an attacker may send any number of them. */
  loggedRefusals: 100,
  /** Connections in total: the WebSockets, and plain requests beside them. */
  connections: 12_000,
  /** Headers are sent at once; a whole request may take as long as the largest upload at 3 Mbit/s. */
  headersMilliseconds: 15_000,
  requestMilliseconds: 3_600_000,
  /** Subscriptions in total: about 2 kB of memory each, besides their sockets. */
  subscriptions: 100_000,
  /** The query and variables of one subscription together: they are kept as long as it is open. */
  subscriptionCharacters: mebibyte,
  /** Unsent bytes of a connection above which no more events are written to it: they are merged until it reads. */
  connectionUnsentBytes: 64 * kibibyte,
  /** Frames up to this size are copied for each reader; larger ones are shared, at the price of a second write. */
  copiedFrameBytes: 4 * kibibyte,
  /** How long a client may read nothing, besides the time that a slow line needs for the bytes already sent. */
  unreadMilliseconds: 10_000,
  slowestBytesPerSecond: 16 * kibibyte,
  /** The interval at which the progress of each connection is checked: short enough for the limits above. */
  lookMilliseconds: 3_000,
  /** The operating system accepts more only after it has sent a good part of its buffer: this much on a slow line. */
  takenAtOnceBytes: 256 * kibibyte,
  /** The buffers of both operating systems for one connection: Linux has at most 4 MiB to send and 6 MiB to receive. */
  systemBufferBytes: 10 * mebibyte,
  /** Events that may wait on a connection behind one that is still being executed, before they are merged. */
  queuedEvents: 1_024,
  /**
   * A cache of first events, for clients that subscribe to the same at the same version: after a restart there are
   * many.
   */
  sharedFirstBytes: 16 * mebibyte,
  /** The memory of one of them besides its response: its key and objects. */
  sharedFirstOverheadBytes: kibibyte,
  /**
   * The interval of pings on a WebSocket, which is closed if the client does not answer, and of comments on an event
   * stream. It is short enough that proxies do not close idle connections.
   */
  signOfLifeMilliseconds: 12_000,
  /** Unread events of a `transactions` subscription. They cannot be merged, so above this the stream ends. */
  unreadTransactions: 10_000,

  /** The maximum of one append. */
  appendBytes: mebibyte,
  /** An append without a reply by then counts as cut off, and writes go to the journal. */
  appendDeadlineMilliseconds: 2_000,
  /** Entries per read of the log. */
  readEntries: 500,
  /**
   * A read of the log stops at this many bytes, after at least one entry: it bounds the memory while a replica catches
   * up.
   */
  readBytes: 8 * mebibyte,
  /** A read of the log: the largest entry over a slow network. */
  readDeadlineMilliseconds: 10_000,
  /** The interval of pings to Redis, and the silence after which a connection counts as lost. */
  redisProbeMilliseconds: 250,
  redisSilenceMilliseconds: 1_250,
  /** The longest interval of reconnects to Redis: the delay with which a replica notices that Redis is back. */
  redisRetryMilliseconds: 500,
  /**
   * How long a transaction waits until the log contains all that it saw. What is missing after a minute is on a replica
   * that is down. A dependency can be done without; the writes that wait behind it cannot.
   */
  contextMilliseconds: 60_000,
  /** Positions that one script trims from the log, as all clients wait for it. */
  trimmedPositions: 10_000,
  /**
   * Commands for chunks of a snapshot in flight at once. Made in one turn, they block other work no longer than one
   * chunk does.
   */
  chunkCommandsAtOnce: 64,
  /** A heartbeat is a few hundred bytes; anything larger is not one. */
  heartbeatBytes: 64 * kibibyte,
  /** Entries buffered beyond a gap. More are dropped, as reading the log brings them. */
  waitingEntries: 10_000,
  heartbeatMilliseconds: 1_000,
  /** A replica that misses this many heartbeats is considered gone. */
  silentHeartbeats: 10,
  /** P83. A replica that was heard within so many heartbeats, and did not say that it leaves, may come back: the format waits for it. */
  formatHeartbeats: 60,
  /** Part of the API: the `replica` subscription sends at most one event per second. */
  statusMilliseconds: 1_000,
  /** How long a request waits for its token. */
  tokenWaitMilliseconds: 5_000,
  /** A read view that is open longer is ended with an error, as it keeps former states in memory. */
  viewMilliseconds: 60_000,
  /** Entries kept in memory, to be handed on if the log goes back to before them: a few minutes of a busy site. */
  keptEntryBytes: 32 * mebibyte,
  /** Chain hashes kept in memory to check tokens; older positions count as reached. */
  knownMarks: 100_000,
  /**
   * The recent history of the log: documents written, and about the bytes of their former states. A reader that resumes
   * within it gets the changes instead of the whole result.
   */
  recentHistory: { records: 100_000, bytes: 64 * mebibyte, collections: 100_000 },
  /**
   * Closed logs that are not ancestors, in a manifest. No dot refers to one, so old ones can be dropped; a replica that
   * followed one of these no longer finds it.
   */
  closedLogsBeside: 100,
  /**
   * Gaps in the numbers of origins that the log has passed over, kept in the snapshot: a line each. One appears when a
   * replica with a journal is away for long.
   */
  skippedNumbers: 1_000,
  /** Entries of the log that the journal records: more would have to be written at once when a replica is cut off. */
  journaledEntries: 10_000,
  /**
   * A snapshot is written when the log has grown to this many times the last snapshot, as Redis rewrites its
   * append-only file.
   */
  snapshotGrowth: 1,
  /** The minimum of log before a snapshot is written: it is read in less than a second. */
  snapshotMinimumBytes: 8 * mebibyte,
  /**
   * The documents and bytes of one chunk, so that none blocks other work for more than a few milliseconds. The first
   * checkpoint on a disk is written in batches of the same size.
   */
  chunkDocuments: 500,
  chunkBytes: 512 * kibibyte,
  /** Document keys visited per turn of the event loop when all are walked through. */
  keysPerTurn: 2_000,
  /** Log entries encoded for the disk in one turn: 400 small ones, or one large one. */
  entryBytesPerTurn: 128 * kibibyte,
  /** Chunks requested at once while a snapshot is loaded. */
  chunksAtOnce: 8,
  /**
   * The chunks of an unfinished snapshot expire after an hour, so that the first still exist when the last is written.
   */
  chunkKeepMilliseconds: 60 * 60 * 1_000,
  /** The interval of writes of the checkpoint: at most this much of the log is read again when a replica starts. */
  keepMilliseconds: 1_000,
  /**
   * A replica with a checkpoint serves it after it has failed to reach Redis for this long: longer than connecting
   * takes.
   */
  siteMilliseconds: 3_000,
  /** A snapshot writer that is silent for longer has lost its lease. */
  leaseMilliseconds: 10_000,
  /**
   * A log that was started on an empty Redis is not trimmed for a day, so that replicas of the former site can come
   * back.
   */
  newLogKeepMilliseconds: 24 * 60 * 60 * 1_000,
  /** The record that a document was removed is kept for 30 days, by the newest time in the log. */
  removedMilliseconds: 30 * 24 * 60 * 60 * 1_000,
  /**
   * Removal records that an embedded site drops per append that removes: several times as many as one append can add.
   */
  removalsForgottenAtOnce: 10_000,
  /** Documents that one page of `changes` tests against `where`: about 20 ms. */
  changesLookedAt: 20_000,
  /** The maximum size of the journal; above it, writes are refused. */
  journalBytes: 1024 * mebibyte,
  /** Bytes of log that an embedded store keeps for `transactions(after:)`. */
  embeddedLogBytes: 256 * mebibyte,
  /** A remote clock that is further ahead than this does not advance the local one. */
  clockDriftMilliseconds: 60_000,

  /** The bytes of one chunk of a transfer between replicas, and the chunks requested at once. */
  transferChunkBytes: 256 * kibibyte,
  transferWindow: 8,
  transferRetryMilliseconds: 2_000,
  transfersAtOnce: 4,
  /** How long a replica waits for its peers to say whether they have an attachment's bytes. */
  locateMilliseconds: 500,
  /** Questions within this time are sent together: a list of attachments asks once. */
  locateGatherMilliseconds: 5,
  /** How long the answer that a peer has them is cached: a page shows many attachments, and soon asks again. */
  locatedMilliseconds: 1_000,
  /** Contents in one question between replicas. */
  locateContents: 256,
  /** Unanswered questions, one per locateMilliseconds, before a fetch concludes that no replica has the bytes. */
  transferQuestions: 4,
  /** The same once some bytes have arrived: Redis may be away for a while, and will be back. */
  transferQuestionsOnceBegun: 60,
  /** Retries in a row without progress: a replica that claims to have the bytes but sends none is given up. */
  transferStalls: 10,
  /** How often fetched bytes may have the wrong hash before the fetch gives up. */
  transferAttempts: 3,
  /** Fetches that may wait for their turn. */
  transfersWaiting: 10_000,
  /** Requests of other replicas that wait, and those served at once; more are dropped, and will be repeated. */
  servedWaiting: 1_024,
  servedAtOnce: 8,
  /** The interval of progress events of a fetch: as often as a person sees a progress bar move. */
  fetchProgressMilliseconds: 250,
  /** A transfer that has not been resumed for a week is deleted when the process starts. */
  partialKeepMilliseconds: 7 * 24 * 60 * 60 * 1_000,
  /** How long the rest of a refused upload is read, so that the client gets to read the response. */
  uploadDrainMilliseconds: 2_000,

  /**
   * The clients in scripts/: documents, and bytes of JSON, in one request of an import. Each is a transaction, small
   * enough not to block others.
   */
  importDocuments: 500,
  importBytes: 4 * mebibyte,
  /**
   * The target size of a page of an export. Its documents are read at one version, which the server retains meanwhile.
   */
  exportPageBytes: 4 * mebibyte,
  /** Bytes read from the beginning of a file to detect its format. */
  importPeekBytes: 64 * kibibyte,
  /**
   * The name of an exported file without its extension: file systems allow 255 bytes with the extension and a temporary
   * suffix.
   */
  exportNameBytes: 200,
  /** How long a client waits for a response, and how long it retries without one: a server restarts in less. */
  clientRequestMilliseconds: 30_000,
  clientPatienceMilliseconds: 60_000,

  /**
   * GraphiQL's first retry when the server is away, doubled each time up to the second limit: about the time of a
   * restart.
   */
  pageRetryMilliseconds: 250,
  pageLongestRetryMilliseconds: 4_000,

  /** A signal this soon after the first is the same Ctrl-C, passed on by npm; a person who presses twice is slower. */
  sameSignalMilliseconds: 500,
  /** From SIGTERM to exit. */
  shutdownMilliseconds: 5_000,
  /** The part of it for running requests: longer than an append that ends in the journal. */
  settleMilliseconds: 2_500,
  /** The part of it for clients to read the last responses and to close. */
  goodbyeMilliseconds: 500,
} as const;
