/** What the product holds and what the model holds, as lists of sentences that can be compared. */
import { counterValue } from '../../../replica/crdt/counter.ts';
import {
  conflictsOf,
  documentExists,
  documentValue,
  type FieldConflict,
  updatedAt,
} from '../../../replica/crdt/document.ts';
import type { DocumentNode, DocumentState } from '../../../replica/crdt/document-node.ts';
import type { Stamp } from '../../../replica/crdt/stamp.ts';
import { jsonFromValue } from '../../../replica/values/json.ts';
import type { Path } from '../../../replica/values/keypath.ts';
import type { Value } from '../../../replica/values/value.ts';
import { type Judged, liveEntries, type Made, type Shown, showEntries } from './model.ts';

export function factsOfState(state: DocumentState | undefined): readonly string[] {
  const facts: string[] = [];
  if (state) collect(state.root, [], facts);
  const shown = documentExists(state)
    ? { value: documentValue(state), conflicts: conflictsOf(state), updatedAt: updatedAt(state) }
    : undefined;
  return [...facts.sort(), ...factsOfShown(shown)];
}

export function factsOfHistory(history: ReadonlySet<Made>, id: string): readonly string[] {
  const entries = liveEntries(history, id);
  const counts = new Map<string, number>();
  for (const { kind, path, amount } of entries) {
    if (kind === 'count') counts.set(path.join('.'), (counts.get(path.join('.')) ?? 0) + amount);
  }
  const facts = [
    ...entries.filter(({ kind }) => kind !== 'count').map(factOfEntry),
    ...[...counts].filter(([, sum]) => sum !== 0).map(([path, sum]) => `${path} counted ${sum}`),
  ];
  return [...facts.sort(), ...factsOfShown(showEntries(entries))];
}

function collect({ registers, map, counter }: DocumentNode, path: Path, into: string[]): void {
  const at = path.join('.');
  for (const { stamp, value } of registers) into.push(`${at} register ${spell(value)} ${nameOf(stamp)}`);
  for (const stamp of map?.presence ?? []) into.push(`${at} map ${nameOf(stamp)}`);
  for (const stamp of counter?.presence ?? []) into.push(`${at} counter ${nameOf(stamp)}`);
  for (const { stamp, value } of counter?.bases ?? []) into.push(`${at} base ${value} ${nameOf(stamp)}`);
  const counted = counter ? counterValue({ ...counter, bases: [] }) : 0;
  if (counted !== 0) into.push(`${at} counted ${counted}`);
  for (const [key, child] of map?.children ?? []) collect(child, [...path, key], into);
}

const nameOf = ({ origin, number, time }: Stamp): string => `${origin}#${number}@${time}`;

function factOfEntry({ kind, path, made, value, amount, isDefault }: Judged): string {
  const what = kind === 'register' ? ` ${spell(value)}` : kind === 'base' ? ` ${amount}` : '';
  const { origin, number, time } = made.delta;
  return `${path.join('.')} ${kind}${what} ${origin}#${number}@${isDefault ? 0 : time}`;
}

function factsOfShown(shown: Shown | undefined): readonly string[] {
  if (shown === undefined) return ['no document'];
  return [
    `shows ${spell(shown.value)}`,
    `updated at ${shown.updatedAt}`,
    ...shown.conflicts.map(factOfConflict).sort(),
  ];
}

const factOfConflict = ({ path, shown, retained }: FieldConflict): string =>
  `conflict at ${path.join('.')}: ${[shown, ...retained]
    .map(({ type, value, origin, time }) => `${type} ${spell(value)} ${origin}@${time}`)
    .join(', ')}`;

/** JSON with its keys in order. */
function spell(value: Value): string {
  return JSON.stringify(jsonFromValue(value), (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
