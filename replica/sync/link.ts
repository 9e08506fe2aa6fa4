/**
 * The link of a replica to its site: one state, and one table that says what each event makes of it. Nothing else holds a
 * part of that state: the outbox, the follower and the readers ask here.
 *
 * starting   the replica has no documents yet
 * attached   the log takes appends
 * cutOff     the log takes no appends: writes are journaled, and shown
 * trying     the log can be read again; an append is under way, and decides
 * blocked    the next entry of the log does not decode
 * rejoining  the log does not go on where this replica stands: it loads what is stored, or heals
 * stopped    as rejoining, and there is nothing to load or to heal; it goes on looking
 * closed     the replica is closed, and all its writes are answered
 */
import { invariant } from '../../invariant.ts';
import type { StatusChanges } from '../status.ts';
import type { TableRow } from '../values/table-row.ts';

interface WithProblem<Kind extends string> {
  readonly kind: Kind;
  /** One line for people. */
  readonly problem: string;
}

export type LinkState =
  | WithProblem<'starting' | 'blocked' | 'rejoining' | 'stopped'>
  | { readonly kind: 'attached' | 'cutOff' | 'trying' | 'closed' };

export type LinkKind = LinkState['kind'];

export type LinkEvent =
  /** The start waits for something. */
  | WithProblem<'startWaits'>
  /** The replica has a prefix: the log's, up to its end. */
  | { readonly kind: 'opened' }
  /** The replica has a prefix: the one on its own disk, as its site did not answer in time. */
  | { readonly kind: 'openedAlone' }
  | { readonly kind: 'connectionLost' }
  /** An append failed, or the log took less than all of it. */
  | { readonly kind: 'appendFailed' }
  /** The log was read to its end. */
  | { readonly kind: 'logRead' }
  | { readonly kind: 'appendTaken' }
  /** An embedded log is tried again with the next write: nothing tells when its disk has room. */
  | { readonly kind: 'retriedByWrite' }
  | WithProblem<'entryUndecodable'>
  | { readonly kind: 'entryDecoded' }
  /** The log is another one, went back, or was trimmed past this replica. */
  | WithProblem<'logReplaced'>
  /** The log goes on where this replica stands now. */
  | { readonly kind: 'rejoined' }
  | WithProblem<'noWayFound'>
  | { readonly kind: 'closed' };

export const linkKinds = [
  'starting',
  'attached',
  'cutOff',
  'trying',
  'blocked',
  'rejoining',
  'stopped',
  'closed',
] as const;

/** The next state for each state, in the order of linkKinds. */
type Row = TableRow<typeof linkKinds, LinkKind>;

/**
 * A missing cell does not compile. An append that is taken while the link is cut off was sent before: it does not say whether
 * the log takes more.
 */
export const linkTable: Readonly<Record<LinkEvent['kind'], Row>> = {
  startWaits: ['starting', 'attached', 'cutOff', 'trying', 'blocked', 'rejoining', 'stopped', 'closed'],
  opened: ['attached', 'attached', 'cutOff', 'trying', 'blocked', 'rejoining', 'stopped', 'closed'],
  openedAlone: ['cutOff', 'attached', 'cutOff', 'trying', 'blocked', 'rejoining', 'stopped', 'closed'],
  connectionLost: ['starting', 'cutOff', 'cutOff', 'cutOff', 'blocked', 'rejoining', 'stopped', 'closed'],
  appendFailed: ['starting', 'cutOff', 'cutOff', 'cutOff', 'blocked', 'rejoining', 'stopped', 'closed'],
  logRead: ['starting', 'attached', 'trying', 'trying', 'blocked', 'rejoining', 'stopped', 'closed'],
  appendTaken: ['starting', 'attached', 'cutOff', 'attached', 'blocked', 'rejoining', 'stopped', 'closed'],
  retriedByWrite: ['starting', 'attached', 'attached', 'attached', 'blocked', 'rejoining', 'stopped', 'closed'],
  entryUndecodable: ['starting', 'blocked', 'blocked', 'blocked', 'blocked', 'rejoining', 'stopped', 'closed'],
  entryDecoded: ['starting', 'attached', 'cutOff', 'trying', 'cutOff', 'rejoining', 'stopped', 'closed'],
  logReplaced: ['starting', 'rejoining', 'rejoining', 'rejoining', 'rejoining', 'rejoining', 'stopped', 'closed'],
  rejoined: ['starting', 'attached', 'cutOff', 'trying', 'cutOff', 'cutOff', 'cutOff', 'closed'],
  noWayFound: ['starting', 'attached', 'cutOff', 'trying', 'blocked', 'stopped', 'stopped', 'closed'],
  closed: ['closed', 'closed', 'closed', 'closed', 'closed', 'closed', 'closed', 'closed'],
};

export function nextLinkState(state: LinkState, event: LinkEvent): LinkState {
  const kind = linkTable[event.kind][linkKinds.indexOf(state.kind)];
  invariant(kind !== undefined, 'linkKinds has every state, and each row as many cells');
  if (kind === 'attached' || kind === 'cutOff' || kind === 'trying' || kind === 'closed') return { kind };
  if ('problem' in event && event.kind === toldBy[kind]) return { kind, problem: event.problem };
  return { kind, problem: 'problem' in state ? state.problem : kind };
}

/** The event whose problem a state has. */
const toldBy = {
  starting: 'startWaits',
  blocked: 'entryUndecodable',
  rejoining: 'logReplaced',
  stopped: 'noWayFound',
} as const;

/** Acts on a change of the link, in the turn in which it happens. */
export interface LinkWatcher {
  linkChanged(before: LinkKind, after: LinkKind): void;
}

export class Link {
  readonly #status: StatusChanges;
  #state: LinkState = { kind: 'starting', problem: 'starting' };
  #watcher: LinkWatcher | undefined;

  constructor(status: StatusChanges) {
    this.#status = status;
  }

  get kind(): LinkKind {
    return this.#state.kind;
  }

  /** Why this replica takes no part in its site; undefined if it does, or is only cut off. */
  get problem(): string | undefined {
    return 'problem' in this.#state ? this.#state.problem : undefined;
  }

  get isClosed(): boolean {
    return this.kind === 'closed';
  }

  /** Whether an append may be sent. */
  get mayAppend(): boolean {
    return this.kind === 'attached' || this.kind === 'trying';
  }

  /** Whether the log is read, and its entries are applied. */
  get isFollowed(): boolean {
    return this.mayAppend || this.kind === 'cutOff' || this.kind === 'blocked';
  }

  /** Whether this replica stands in the log that there is, as far as it knows; if not, its positions may be of another history. */
  get isInLog(): boolean {
    return this.kind !== 'rejoining' && this.kind !== 'stopped';
  }

  watch(watcher: LinkWatcher): void {
    this.#watcher = watcher;
  }

  /** @returns whether the state, or its problem, is another one now */
  dispatch(event: LinkEvent): boolean {
    const [before, problem] = [this.kind, this.problem];
    this.#state = nextLinkState(this.#state, event);
    const { kind } = this;
    if (kind !== before) this.#watcher?.linkChanged(before, kind);
    const isChanged = kind !== before || this.problem !== problem;
    if (isChanged) this.#status.now();
    return isChanged;
  }
}
