/** Every limit, with the reason for its value. Bytes, milliseconds and counts, as the names say. */

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

export const limits = {
  /** Contract: `_id`s are strings of 1 to 256 bytes. */
  idBytes: 256,
  /** Contract: collection names have 1 to 100 characters. */
  collectionCharacters: 100,
  /** Levels of maps, arrays and whole objects in a document: recursion over it stays far from the stack's end. */
  documentDepth: 64,
  /** One document as JSON. It travels whole in one delta, in memory several times over. */
  documentBytes: 16 * mebibyte,
  /**
   * One document in memory, as replica/crdt/memory.ts counts it. 16 MB of text or of GeoJSON fit, and 150,000 objects; 16 MB
   * of empty objects would take a gigabyte, at each replica and at each start.
   */
  documentMemoryBytes: 64 * mebibyte,
  /** One transaction, encoded: Redis runs its append in one go, and everybody waits meanwhile. */
  transactionBytes: 32 * mebibyte,
  /** The same in memory, as it travels: several largest documents. */
  transactionMemoryBytes: 256 * mebibyte,
  /**
   * Of a document that is read from bytes, so many times the memory above. Replicas that are cut off each add to a document up to
   * its limit; merged, it has the sum of it, and must not be refused.
   */
  mergedMemoryFactor: 4,
  /** Of a transaction that is read from bytes: twice what a replica writes, as a later version may count a little otherwise. */
  foreignTransactionMemoryBytes: 512 * mebibyte,
  /** Documents that one `upsertMany` may carry. */
  documentsPerRequest: 10_000,
  /** Nesting of `and`, `or`, `not` and conditions in one filter, so that a filter cannot outgrow what it reads. */
  filterNodes: 1_000,
  filterDepth: 32,
  /** In `extensions.warnings` of one answer, documents that each looks at, and names that each lists: a hint, at little cost. */
  warnings: 10,
  documentsPerWarning: 100,
  namesPerWarning: 20,
  /** `first` and `last`; also what a list answers where neither is given. */
  pageSize: 10_000,
  orderFields: 16,
  /** Keys at which one live query stands, so that changes find it: with more it is shown every change of its collection. */
  liveQueryKeys: 10_000,
  /** Of one ordering value in a cursor; beyond it only the beginning is there. A cursor stands in every edge of a page. */
  cursorValueCharacters: 256,
  /** Of a cursor given back: more than one can have with all order fields at their largest, every character escaped. */
  cursorCharacters: 64 * kibibyte,
  /** Characters of a keypath. */
  keypathCharacters: 4 * kibibyte,

  /** A GraphQL request's JSON: one largest document, escaped, with room for the query. */
  requestBytes: 33 * mebibyte,
  /**
   * Values in it, at every level: an object takes some 64 bytes once it is parsed, and 192 as a part of a document. So a request
   * of nothing but objects takes a quarter of a gigabyte at most; a request of ordinary data reaches its limit of bytes first, or nearly.
   */
  requestValues: 1_000_000,
  /** Levels within each other in it: a largest document, and what stands around it, far from the end of the stack. */
  requestDepth: 256,
  /** Characters of a JSON text that is parsed without a look at the above: it cannot hold enough of either to do harm. */
  smallJsonCharacters: 2 * kibibyte,
  /** Operations in one request: what a page asks for at once. */
  batchedOperations: 10,
  /** Characters of one GraphQL document, and its fields and depth: past these nobody wrote it by hand. */
  queryCharacters: 100 * kibibyte,
  queryDepth: 24,
  queryTokens: 20_000,
  /** Brackets of any kind within each other: a largest document as a literal, far from the end of the parser's stack. */
  queryNesting: 256,
  /** Characters of checked queries that are kept; as syntax trees they take some hundred times as much memory. */
  cachedQueryCharacters: 512 * kibibyte,
  /** An operation with more fields for its length, by fragments in many places, has no plan: a planned field takes a kilobyte. */
  charactersPerPlannedField: 4,
  /** Bodies of requests until they are answered, and large answers until they are read, all together: fifteen of the largest requests, which take several times as much once they are parsed. */
  inFlightBytes: 512 * mebibyte,
  /** Bodies up to this size are not counted: nearly all are smaller, and as many as there may be connections are 192 MB. */
  smallBodyBytes: 16 * kibibyte,
  /** Answers that are larger, roughly, are made and sent piece by piece: a piece takes a millisecond or so. */
  largeAnswerBytes: 256 * kibibyte,
  answerPieceCharacters: 64 * kibibyte,
  /** A body brings so much in each window, or its sender counts as gone: the slowest mobile network is faster. */
  slowestBodyBytesPerSecond: 2 * kibibyte,
  bodyWindowMilliseconds: 10_000,
  uploadBytes: 1024 * mebibyte,
  uploadFiles: 16,
  attachmentMetadataBytes: 16 * kibibyte,
  filenameBytes: 255,
  contentTypeCharacters: 127,
  /** Contract: `base64` answers up to 1 MiB. */
  base64Bytes: mebibyte,

  /** WebSockets in all, subscriptions a socket, and how long one may wait before it says connection_init. */
  sockets: 10_000,
  subscriptionsPerSocket: 1_000,
  connectionInitMilliseconds: 5_000,
  /** Bytes that a connection may owe its client when it has one more answer or event: past these the client does not read. */
  socketUnsentBytes: 64 * mebibyte,
  /** The same for all connections together, with what they have begun to send: room is left for the rest of the process. Which part of its heap it may be at most. */
  socketsBufferedBytes: 512 * mebibyte,
  socketsBufferedHeapShare: 1 / 4,
  /** What a message that waits to be sent takes of memory beside its bytes. */
  frameOverheadBytes: 512,
  /** Messages that are no operations: whoever asks or answers for a sign of life, or connects with a token, needs no more. */
  plainMessageCharacters: 64 * kibibyte,
  /** Origins and hosts that are logged as refused, once each: an attacker names as many as it likes. */
  loggedRefusals: 100,
  /** Connections in all: the WebSockets, and room for plain requests beside them. */
  connections: 12_000,
  /** A request's headers come at once; the whole of it takes as long as the largest upload over 3 Mbit/s. */
  headersMilliseconds: 15_000,
  requestMilliseconds: 3_600_000,
  /** Subscriptions in all: some 2 kB of memory each, beside their sockets. */
  subscriptions: 100_000,
  /** Of one subscription's query and variables together: they are kept for as long as it is open. */
  subscriptionCharacters: mebibyte,
  /** Bytes that a connection may owe its client before it is written no more events: what it missed is merged once it reads. */
  connectionUnsentBytes: 64 * kibibyte,
  /** Frames up to this size are copied whole for each reader; of larger ones all share the bytes, at the price of a second write. */
  copiedFrameBytes: 4 * kibibyte,
  /** How long a client may take nothing of what it is owed, beside the time that a slow line takes for what is taken at once. */
  unreadMilliseconds: 10_000,
  slowestBytesPerSecond: 16 * kibibyte,
  /** Between two looks at how far the client of a connection has come: often enough for the above. */
  lookMilliseconds: 3_000,
  /** The operating system takes more only once a good part of what it holds is gone: on a slow line, so much. */
  takenAtOnceBytes: 256 * kibibyte,
  /** What the operating systems of both sides may hold of one connection: Linux has 4 MiB to send and 6 MiB to receive at most. */
  systemBufferBytes: 10 * mebibyte,
  /** Events that may wait on a connection behind one whose execution awaits something, before they are merged. */
  queuedEvents: 1_024,
  /** First events kept for who subscribes to the same at the same version: as many come back after a restart. */
  sharedFirstBytes: 16 * mebibyte,
  /** What one of them costs beside its answer: its key, and objects. */
  sharedFirstOverheadBytes: kibibyte,
  /** Between two signs of life on a WebSocket, whose client is cut off where it gives none back, and on a stream of server-sent events: nobody in between takes it for dead. */
  signOfLifeMilliseconds: 12_000,
  /** Unread transactions a `transactions` reader may have: these cannot be merged, so the stream ends. */
  unreadTransactions: 10_000,

  /** What one append takes at most, as the design has it. */
  appendBytes: mebibyte,
  /** An append that has not answered by then counts as cut off; writes are journaled. */
  appendDeadlineMilliseconds: 2_000,
  /** Entries read from the log at once. */
  readEntries: 500,
  /** Bytes at which a read of the log stops, once it has an entry: what is in memory at once while a replica catches up. */
  readBytes: 8 * mebibyte,
  /** A read of the log: the largest entry, over a slow network. */
  readDeadlineMilliseconds: 10_000,
  /** Between two looks at a connection to Redis, and how long it may be silent before it counts as lost. */
  redisProbeMilliseconds: 250,
  redisSilenceMilliseconds: 1_250,
  /** Between two tries to reach Redis, at most: so much later than Redis a replica is back. */
  redisRetryMilliseconds: 500,
  /**
   * How long a transaction waits until the log has all that it saw. What is not there after a minute is with a replica that
   * is down; what it saw of it can be missed, and the writes that wait behind it cannot.
   */
  contextMilliseconds: 60_000,
  /** Positions that one script trims from the log: everybody waits for it. */
  trimmedPositions: 10_000,
  /** Chunks of a snapshot about which commands are on their way at once: made in one turn, they hold others up as little as a chunk does. */
  chunkCommandsAtOnce: 64,
  /** A heartbeat is some hundred bytes; more is none of ours. */
  heartbeatBytes: 64 * kibibyte,
  /** Entries held that are beyond a gap. More are dropped: reading the log brings them. */
  waitingEntries: 10_000,
  heartbeatMilliseconds: 1_000,
  /** Who is silent for so many heartbeats is gone. */
  silentHeartbeats: 10,
  /** Contract: the `replica` subscription tells at most once a second. */
  statusMilliseconds: 1_000,
  /** How long a request waits for its token. */
  tokenWaitMilliseconds: 5_000,
  /** Read views: one that is open for longer is ended with an error, as it keeps former states in memory. */
  viewMilliseconds: 60_000,
  /** Entries kept in memory, to be handed on should the log go back to before them: what a busy site writes in some minutes. */
  keptEntryBytes: 32 * mebibyte,
  /** Marks kept in memory to check tokens by; older positions count as reached. */
  knownMarks: 100_000,
  /** Of the log's recent history: documents touched, and roughly the bytes of what they were before. Readers that come back within it get what changed, and not the whole. */
  recentHistory: { records: 100_000, bytes: 64 * mebibyte, collections: 100_000 },
  /** Logs closed beside the line that a manifest names: who stood in an older one for so many healings does not find it any more. No dot is of one. */
  closedLogsBeside: 100,
  /** Gaps that the log went on past, kept in the snapshot: a line each. One is made where a replica that has a journal is away for long. */
  skippedNumbers: 1_000,
  /** Entries of the log that the journal knows: more would be written at once when a replica is cut off. */
  journaledEntries: 10_000,
  /** A snapshot is written when the log since the last one is so many times as large as it, as Redis rewrites its own file. */
  snapshotGrowth: 1,
  /** But not before the log has so many bytes: they are read in less than a second. */
  snapshotMinimumBytes: 8 * mebibyte,
  /** Of a chunk: documents and bytes, so that none holds others up for more than some milliseconds. As many documents at once go to a disk that has none yet. */
  chunkDocuments: 500,
  chunkBytes: 512 * kibibyte,
  /** Keys of documents that are looked at in one turn where all are gone through. */
  keysPerTurn: 2_000,
  /** A load of so many leaves garbage that is worth a pause of its own: some 20 milliseconds, before anybody is served. */
  collectedDocuments: 100_000,
  /** Of the log's entries, encoded in one turn for the disk: 400 small ones, or a large one. */
  entryBytesPerTurn: 128 * kibibyte,
  /** Chunks that are asked for at once while a snapshot is loaded. */
  chunksAtOnce: 8,
  /** Chunks of a snapshot that is being written: an hour, so that they are there when the last one is. */
  chunkKeepMilliseconds: 60 * 60 * 1_000,
  /** Between two writes of what changed into the data folder: so much of the log is read again when a replica starts. */
  keepMilliseconds: 1_000,
  /** A replica that has its state on its own disk serves it when it has not reached Redis for so long: longer than it takes to connect. */
  siteMilliseconds: 3_000,
  /** Who writes a snapshot and is silent for longer has lost the lease. */
  leaseMilliseconds: 10_000,
  /** A log that was begun on an empty Redis: a day, for replicas of the site that was there to come back. */
  newLogKeepMilliseconds: 24 * 60 * 60 * 1_000,
  /** That a document was removed is kept for 30 days, by the newest time in the log. */
  removedMilliseconds: 30 * 24 * 60 * 60 * 1_000,
  /** Of an embedded site, by an append that removes: as many as one append may remove at most times over. */
  removalsForgottenAtOnce: 10_000,
  /** Documents that one page of `changes` looks at for `where`: about 20 ms. */
  changesLookedAt: 20_000,
  /** What the journal may hold before writes are refused. */
  journalBytes: 1024 * mebibyte,
  /** Bytes of log that an embedded store keeps for `transactions(after:)`. */
  embeddedLogBytes: 256 * mebibyte,
  /** A remote clock further ahead than this does not drag the local one along. */
  clockDriftMilliseconds: 60_000,

  /** Bytes of one chunk of a fetch between replicas, and chunks asked for at once. */
  transferChunkBytes: 256 * kibibyte,
  transferWindow: 8,
  transferRetryMilliseconds: 2_000,
  transfersAtOnce: 4,
  /** How long a replica waits for its peers to say whether they have an attachment's bytes. */
  locateMilliseconds: 500,
  /** Questions that come up within so long go out together: a list of attachments asks once. */
  locateGatherMilliseconds: 5,
  /** How long it is taken for true that a peer has them: a page shows many attachments, and asks again soon. */
  locatedMilliseconds: 1_000,
  /** Contents in one question between replicas. */
  locateContents: 256,
  /** Questions without an answer, one each locateMilliseconds, before a fetch says that nobody has the bytes. */
  transferQuestions: 4,
  /** The same once some of the bytes came: Redis may be away for a while, and will be back. */
  transferQuestionsOnceBegun: 60,
  /** Retries in a row that brought nothing: who says that it has the bytes, and sends none, is not waited for endlessly. */
  transferStalls: 10,
  /** Times that bytes may come with another hash than they should before a fetch gives up. */
  transferAttempts: 3,
  /** Fetches that may wait for their turn. */
  transfersWaiting: 10_000,
  /** Requests of others that wait to be served, and those served at once; more are dropped, and asked for again. */
  servedWaiting: 1_024,
  servedAtOnce: 8,
  /** Between two progress events of a fetch: as often as a person sees a bar move. */
  fetchProgressMilliseconds: 250,
  /** A transfer that nobody has resumed for so long is swept out when the process starts: a week. */
  partialKeepMilliseconds: 7 * 24 * 60 * 60 * 1_000,
  /** How long the rest of a refused upload is read, so that its sender gets to see the answer. */
  uploadDrainMilliseconds: 2_000,

  /** The clients in scripts/: documents, and bytes of their JSON, in one request of an import. A transaction each: short enough not to hold others up. */
  importDocuments: 500,
  importBytes: 4 * mebibyte,
  /** Bytes that a page of an export aims at; its documents are read at one version, which the server keeps meanwhile. */
  exportPageBytes: 4 * mebibyte,
  /** Of a file's beginning, by which its form is told. */
  importPeekBytes: 64 * kibibyte,
  /** Of an exported file's name, without its ending: with that, and while it is written, a file system takes it. */
  exportNameBytes: 200,
  /** How long a client waits for an answer, and tries again while it gets none: a server restarts in less. */
  clientRequestMilliseconds: 30_000,
  clientPatienceMilliseconds: 60_000,

  /** GraphiQL's page tries again so soon when the server is away; then twice as long each time, up to a few seconds: a restart takes as long. */
  pageRetryMilliseconds: 250,
  pageLongestRetryMilliseconds: 4_000,

  /** A signal that comes no later than this after the first is the same Ctrl-C, passed on by npm; a person presses twice more slowly. */
  sameSignalMilliseconds: 500,
  /** SIGTERM to exit. */
  shutdownMilliseconds: 5_000,
  /** Of that, what runs may take: longer than an append that has to end in the journal. */
  settleMilliseconds: 2_500,
  /** Of that, clients may take to read the last of their answers and to close. */
  goodbyeMilliseconds: 500,
} as const;
