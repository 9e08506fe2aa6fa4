/**
 * Decides what a replica does if the log does not continue at its position. Pure. docs/internals/protocol.md, P44 and P45.
 */

import type { Head, Origin } from '../../crdt/version.ts';
import { isAncestor } from '../../history/closed-logs.ts';
import { markAtStart } from '../../log/entry.ts';
import { isGrown } from '../../log/ids.ts';
import type { ClosedLog, Manifest } from '../../log/snapshots.ts';

/** The position of a replica: its prefix. */
export interface Stand {
  readonly head: Head;
  readonly origins: ReadonlyMap<Origin, number>;
  readonly closedLogs: readonly ClosedLog[];
}

/** A point that a log is stored from, and the last number by origin as of there. */
export interface Beginning {
  readonly head: Head;
  readonly origins: ReadonlyMap<Origin, number>;
}

/** The log that is there; its manifest, if it has one. */
export interface Found {
  readonly head: Head;
  readonly manifest: Manifest | undefined;
  /** A beginning of what is stored of it that this replica has all of, or its end where that is so; if there is one. */
  readonly shared: Beginning | undefined;
}

/** The points at which the stored part of a log may begin, the earliest first. The log is trimmed up to one of them. */
export function beginningsOf({ log }: Head, manifest: Manifest | undefined): readonly Beginning[] {
  const begun = isGrown(log) ? [] : [{ head: { log, position: 0, mark: markAtStart(log) }, origins: new Map() }];
  const generations = [manifest?.before, manifest?.generation].flatMap((generation) =>
    generation?.begin.log === log ? [{ head: generation.begin, origins: generation.origins }] : [],
  );
  return [...begun, ...generations];
}

/**
 * P44. `load`: what is there is loaded, and what it lacks handed on. `heal`: this replica has all that the log that is there
 * began with, so that it may begin another log over it. `stop`: it takes no part any more.
 */
export function wayOn(own: Stand, there: Found | undefined): 'load' | 'heal' | 'stop' {
  if (!there) return 'heal';
  // Nothing of it could be lost.
  if (own.origins.size === 0) return 'load';
  const closedLogs = there.manifest?.closedLogs ?? [];
  const isSameLog = there.head.log === own.head.log;
  if (!isSameLog && closedLogs.some(({ log }) => log === own.head.log)) return 'load';
  if (there.shared) return 'heal';
  if (isSameLog || own.closedLogs.some(({ log }) => log === there.head.log)) return 'load';
  const line = new Set(own.closedLogs.filter(isAncestor).map(({ log }) => log));
  return closedLogs.some((closed) => isAncestor(closed) && line.has(closed.log)) ? 'load' : 'stop';
}

/** Whether a history with the origins `all` has all that one with the origins `some` has. */
export function isWithin(some: ReadonlyMap<Origin, number>, all: ReadonlyMap<Origin, number>): boolean {
  for (const [origin, number] of some) if (number > (all.get(origin) ?? 0)) return false;
  return true;
}
