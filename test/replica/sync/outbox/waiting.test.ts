import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../../../invariant.ts';
import { isAnswered, nextStage, type Stage, type StageEvent, stages } from '../../../../replica/sync/outbox/waiting.ts';

/** What each event makes of a stage; what is not listed cannot happen. */
const moves: Readonly<Record<StageEvent, Partial<Record<Stage, Stage | 'gone'>>>> = {
  sent: {
    unsent: 'sending',
    uncertain: 'uncertain',
    unknown: 'unknown',
    journaled: 'journaled',
    hidden: 'hidden',
  },
  notTaken: {
    sending: 'unsent',
    uncertain: 'uncertain',
    unknown: 'unknown',
    journaled: 'journaled',
    hidden: 'hidden',
  },
  outcomeLost: {
    sending: 'uncertain',
    uncertain: 'uncertain',
    unknown: 'unknown',
    journaled: 'journaled',
    hidden: 'hidden',
  },
  refused: { unsent: 'gone', uncertain: 'unknown', unknown: 'unknown' },
  journaled: { unsent: 'journaled', uncertain: 'journaled', unknown: 'journaled' },
  shown: { hidden: 'journaled' },
  hidden: { journaled: 'hidden', hidden: 'hidden' },
};

const events: readonly StageEvent[] = ['sent', 'notTaken', 'outcomeLost', 'refused', 'journaled', 'shown', 'hidden'];
const cells = stages.flatMap((stage) => events.map((event) => [stage, event] as const));

describe('a waiting transaction', () => {
  it.each(cells)('that is %s, on %s, goes where the table says, or an invariant is broken', (stage, event) => {
    const next = moves[event][stage];
    if (next === undefined) expect(() => nextStage(stage, event)).toThrow(InvariantError);
    else expect(nextStage(stage, event)).toBe(next);
  });

  it('that may be in the log is never forgotten', () => {
    for (const event of events)
      for (const stage of ['sending', 'uncertain', 'unknown'] as const) expect(moves[event][stage]).not.toBe('gone');
  });

  it('was answered once its outcome is unknown, or once it is in the journal', () => {
    const waiting = (stage: Stage) => ({ stage });
    expect(stages.filter((stage) => isAnswered(waiting(stage)))).toEqual(['unknown', 'journaled', 'hidden']);
  });
});
