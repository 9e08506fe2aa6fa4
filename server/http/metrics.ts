/** Prometheus metrics: the counters of the replica and of the transports. */
import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type HistogramConfiguration,
  type LabelValues,
  Registry,
} from 'prom-client';
import type { Replica } from '../../replica/replica.ts';
import type { ReplicaCounters } from '../../replica/status.ts';
import type { TransferCounters } from '../../uploads/transfer/ports.ts';
import type { ExecutionObserver } from '../execution/execution.ts';

export interface Metrics extends ExecutionObserver {
  /** @param route one of a fixed few, so that clients cannot create time series */
  requested(route: string, status: number, milliseconds: number): void;
  sockets(change: 1 | -1): void;
  readonly contentType: string;
  read(): Promise<string>;
}

/** Seconds, from a query in memory to an upload. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

const replicaCounters: readonly (readonly [keyof ReplicaCounters, string, string])[] = [
  ['transactionsCommitted', 'tideline_transactions_committed_total', 'Transactions committed by this replica.'],
  ['transactionsApplied', 'tideline_transactions_applied_total', 'Transactions of the log applied by this replica.'],
  ['transactionsRefused', 'tideline_transactions_refused_total', 'Transactions that could not be committed.'],
  [
    'transactionsLate',
    'tideline_transactions_late_total',
    'Transactions that came too late for the log: see too-late.ndjson in DATA_DIR.',
  ],
  ['appends', 'tideline_appends_total', 'Appends to the log.'],
  ['malformedMessages', 'tideline_malformed_messages_total', 'Malformed messages from other replicas, dropped.'],
  ['gapsRepaired', 'tideline_gaps_repaired_total', 'Gaps in received entries, closed by reading the log.'],
  ['queriesByIndex', 'tideline_queries_by_index_total', 'Queries that found their documents by an index.'],
  ['queriesByScan', 'tideline_queries_by_scan_total', 'Queries that scanned their whole collection.'],
  ['clocksAhead', 'tideline_clocks_ahead_total', 'Transactions from clocks more than a minute ahead.'],
  ['snapshotsWritten', 'tideline_snapshots_written_total', 'Snapshots written by this replica.'],
];

const transferCounters: readonly (readonly [keyof TransferCounters, string, string])[] = [
  ['bytesServed', 'tideline_attachment_bytes_served_total', 'Bytes of attachments sent to other replicas.'],
  ['bytesFetched', 'tideline_attachment_bytes_fetched_total', 'Bytes of attachments fetched from other replicas.'],
  ['fetchesCompleted', 'tideline_attachment_fetches_completed_total', 'Fetches of attachments that were completed.'],
  [
    'fetchesUnavailable',
    'tideline_attachment_fetches_unavailable_total',
    'Fetches that found no replica with the bytes.',
  ],
  [
    'malformedMessages',
    'tideline_attachment_malformed_messages_total',
    'Malformed messages about attachments, dropped.',
  ],
];

/**
 * @param transfers the counters of attachment transfers; undefined before the service is open, and without other
 * replicas
 */
export function createMetrics(replica: Replica, transfers: () => Readonly<TransferCounters> | undefined): Metrics {
  const registry = new Registry();
  const registers = [registry];
  // Each sample wakes the process: at Node's default of 10 ms, this would be most of what an idle replica does.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 50 });

  const counter = (name: string, help: string, read: () => number) => {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  for (const [key, name, help] of replicaCounters) counter(name, help, () => replica.counters[key]);
  for (const [key, name, help] of transferCounters) counter(name, help, () => transfers()?.[key] ?? 0);
  const gauge = (name: string, help: string, read: () => number) => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  gauge('tideline_ready', '1 if this replica has caught up.', () => Number(replica.status.ready));
  gauge('tideline_connected', '1 if the site can be reached.', () => Number(replica.status.connected));
  gauge('tideline_documents', 'Documents on this replica.', () => replica.status.documentCount);
  gauge(
    'tideline_unsent_transactions',
    'Transactions journaled here and not yet in the log.',
    () => replica.status.unsent,
  );
  gauge('tideline_waiting_entries', 'Entries received beyond a gap.', () => replica.status.waiting);
  gauge('tideline_peers', 'Other live replicas of the site.', () => replica.status.peers.length);
  gauge('tideline_snapshot_bytes', 'Size of the newest snapshot in Redis.', () => replica.counters.snapshotBytes);
  gauge('tideline_log_bytes', 'Approximate size of the log since that snapshot.', () => replica.counters.logBytes);
  gauge('tideline_live_queries', 'Distinct live queries.', () => replica.counters.liveQueries);
  gauge('tideline_live_readers', 'Readers of live queries.', () => replica.counters.liveReaders);
  new Gauge({
    name: 'tideline_log_position',
    help: 'The newest position applied here, by log.',
    labelNames: ['log'] as const,
    registers,
    collect() {
      this.reset();
      for (const { log, position } of replica.status.version) this.set({ log }, position);
    },
  });

  const requests = observedTogether({
    name: 'tideline_http_request_seconds',
    help: 'HTTP requests, from their headers to the end of their responses.',
    labelNames: ['route', 'status'] as const,
    buckets,
    registers,
  });
  const operations = observedTogether({
    name: 'tideline_operation_seconds',
    help: "GraphQL operations of all transports; subscriptions, until their start. The code is the first error's, or ok.",
    labelNames: ['kind', 'code'] as const,
    buckets,
    registers,
  });
  const sockets = new Gauge({ name: 'tideline_websockets', help: 'Open WebSockets.', registers });
  const subscriptions = new Gauge({ name: 'tideline_subscriptions', help: 'Open subscriptions.', registers });

  return {
    requested: (route, status, milliseconds) => requests({ route, status }, milliseconds / 1_000),
    finished: (kind, code, milliseconds) => operations({ kind, code: code ?? 'ok' }, milliseconds / 1_000),
    sockets: (change) => sockets.inc(change),
    subscriptions: (change) => subscriptions.inc(change),
    contentType: registry.contentType,
    read: () => registry.metrics(),
  };
}

/** How many observations are buffered: few enough that the buffer dies before the next garbage collection. */
const observationsAtOnce = 100;

/**
 * A histogram whose observations are buffered and recorded together: one by one, each costs several times as much.
 * @returns a function that buffers one observation, in seconds
 */
function observedTogether<Label extends string>(
  configuration: HistogramConfiguration<Label>,
): (labels: LabelValues<Label>, seconds: number) => void {
  let noted: LabelValues<Label>[] = [];
  let seconds: number[] = [];
  const observe = () => {
    for (const [index, labels] of noted.entries()) histogram.observe(labels, seconds[index] ?? 0);
    noted = [];
    seconds = [];
  };
  const histogram = new Histogram({ ...configuration, collect: observe });
  return (labels, value) => {
    noted.push(labels);
    seconds.push(value);
    if (noted.length >= observationsAtOnce) observe();
  };
}
