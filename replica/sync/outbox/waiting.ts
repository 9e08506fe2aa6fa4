/** A transaction of this replica that has not come back in the log, and how far it is. */
import { invariant } from '../../../invariant.ts';
import type { StagedTransaction } from '../../history/staged.ts';
import type { TableRow } from '../../values/table-row.ts';

/**
 * unsent     its client waits, and the log cannot have it
 * sending    its client waits, and the first append with it is under way
 * uncertain  its client waits, and the log may have it
 * unknown    its client was told that the outcome is unknown, and the log may have it
 * journaled  the journal has it, its client was answered, and readers are shown it
 * hidden     the journal has it, and it may have seen what is not here yet: neither readers nor staging see it
 */
export const stages = ['unsent', 'sending', 'uncertain', 'unknown', 'journaled', 'hidden'] as const;
export type Stage = (typeof stages)[number];

export type StageEvent = 'sent' | 'notTaken' | 'outcomeLost' | 'refused' | 'journaled' | 'shown' | 'hidden';

/** The next stage for each stage, in the order of `stages`. `gone`: it is forgotten. `never`: that cannot happen. */
type Row = TableRow<typeof stages, Stage | 'gone' | 'never'>;

/** A missing cell does not compile. */
export const stageTable: Readonly<Record<StageEvent, Row>> = {
  sent: ['sending', 'never', 'uncertain', 'unknown', 'journaled', 'hidden'],
  notTaken: ['never', 'unsent', 'uncertain', 'unknown', 'journaled', 'hidden'],
  outcomeLost: ['never', 'uncertain', 'uncertain', 'unknown', 'journaled', 'hidden'],
  refused: ['gone', 'never', 'unknown', 'unknown', 'never', 'never'],
  journaled: ['journaled', 'never', 'journaled', 'journaled', 'never', 'never'],
  shown: ['never', 'never', 'never', 'never', 'never', 'journaled'],
  hidden: ['never', 'never', 'never', 'never', 'hidden', 'hidden'],
};

/** @throws {InvariantError} the event cannot happen in this stage */
export function nextStage(stage: Stage, event: StageEvent): Stage | 'gone' {
  const next = stageTable[event][stages.indexOf(stage)];
  invariant(next !== undefined && next !== 'never', `${event} does not happen to what is ${stage}`);
  return next;
}

/**
 * P41. Whether the log has what a transaction saw. `awaited`: an append did not take it, as something that it saw is missing.
 * `overdue`: for longer than the limit: it goes in without that.
 */
export type Context = 'assumed' | 'awaited' | 'overdue';

export interface Waiting {
  /** Its context is cut anew for each history that it is handed on to. */
  transaction: StagedTransaction;
  stage: Stage;
  context: Context;
  /** Answers its client with a token; nobody listens once the client was answered. */
  readonly resolve: (token: string) => void;
  readonly reject: (error: Error) => void;
}

export const isAnswered = ({ stage }: Pick<Waiting, 'stage'>): boolean =>
  stage === 'unknown' || stage === 'journaled' || stage === 'hidden';
