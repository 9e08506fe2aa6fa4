/** The link to the site, and the stages of a waiting transaction: cells of their tables, and what is read off them. */
import { inFile, type Mutation } from '../mutation.ts';

export const ofLink: readonly Mutation[] = [
  ...inFile('replica/sync/link.ts', [
    {
      rule: 'link',
      what: 'a lost connection leaves it attached',
      find: "connectionLost: ['starting', 'cutOff', 'cutOff'",
      replacement: "connectionLost: ['starting', 'attached', 'cutOff'",
    },
    {
      rule: 'link',
      what: 'a failed append leaves it attached',
      find: "appendFailed: ['starting', 'cutOff', 'cutOff'",
      replacement: "appendFailed: ['starting', 'attached', 'cutOff'",
    },
    {
      rule: 'P10',
      what: 'a log that was read is attached without an append',
      find: "logRead: ['starting', 'attached', 'trying'",
      replacement: "logRead: ['starting', 'attached', 'attached'",
    },
    {
      rule: 'P10',
      what: 'an append that was sent before the link was cut attaches it',
      find: "appendTaken: ['starting', 'attached', 'cutOff'",
      replacement: "appendTaken: ['starting', 'attached', 'attached'",
    },
    {
      rule: 'link',
      what: 'an entry that decodes again attaches it at once',
      find: "'trying', 'cutOff', 'rejoining', 'stopped', 'closed'],\n  logReplaced",
      replacement: "'trying', 'attached', 'rejoining', 'stopped', 'closed'],\n  logReplaced",
    },
    {
      rule: 'link',
      what: 'a replaced log is followed on while an entry is blocked',
      find: "'rejoining', 'rejoining', 'rejoining', 'rejoining', 'rejoining', 'stopped', 'closed'",
      replacement: "'rejoining', 'rejoining', 'rejoining', 'blocked', 'rejoining', 'stopped', 'closed'",
    },
    {
      rule: 'link',
      what: 'a stopped replica does not rejoin',
      find: "'cutOff', 'cutOff', 'cutOff', 'closed'],\n  noWayFound",
      replacement: "'cutOff', 'cutOff', 'stopped', 'closed'],\n  noWayFound",
    },
    {
      rule: 'link',
      what: 'a closed replica can be opened',
      find: "opened: ['attached', 'attached', 'cutOff', 'trying', 'blocked', 'rejoining', 'stopped', 'closed'],",
      replacement:
        "opened: ['attached', 'attached', 'cutOff', 'trying', 'blocked', 'rejoining', 'stopped', 'attached'],",
    },
    {
      rule: 'link',
      what: 'appends are sent while it is cut off',
      find: "return this.kind === 'attached' || this.kind === 'trying';",
      replacement: "return this.kind === 'attached' || this.kind === 'trying' || this.kind === 'cutOff';",
    },
    {
      rule: 'link',
      what: 'the log is not followed while an entry is blocked',
      find: " || this.kind === 'cutOff' || this.kind === 'blocked';",
      replacement: " || this.kind === 'cutOff';",
    },
    {
      rule: 'link',
      what: 'a rejoining replica counts as standing in the log',
      find: "return this.kind !== 'rejoining' && this.kind !== 'stopped';",
      replacement: "return this.kind !== 'stopped';",
    },
    {
      rule: 'link',
      what: 'any problem takes the place of the one that there is',
      find: "if ('problem' in event && event.kind === toldBy[kind])",
      replacement: "if ('problem' in event)",
    },
    {
      rule: 'link',
      what: 'watchers of the status are not told of another problem',
      find: 'const isChanged = kind !== before || this.problem !== problem;',
      replacement: 'const isChanged = kind !== before;',
    },
  ]),
  ...inFile('replica/sync/outbox/waiting.ts', [
    {
      rule: 'outbox',
      what: 'a transaction that may be in the log is refused',
      find: "refused: ['gone', 'never', 'unknown'",
      replacement: "refused: ['gone', 'never', 'gone'",
    },
    {
      rule: 'outbox',
      what: 'one whose outcome was lost counts as not sent',
      find: "outcomeLost: ['never', 'uncertain'",
      replacement: "outcomeLost: ['never', 'unsent'",
    },
    {
      rule: 'outbox',
      what: 'one that the log refused counts as sent',
      find: "notTaken: ['never', 'unsent'",
      replacement: "notTaken: ['never', 'uncertain'",
    },
    {
      rule: 'outbox',
      what: 'one that was lost before counts as not sent once another append is refused',
      find: "notTaken: ['never', 'unsent', 'uncertain'",
      replacement: "notTaken: ['never', 'unsent', 'unsent'",
    },
    {
      rule: 'P49',
      what: 'what a new history may lack is shown on',
      find: "hidden: ['never', 'never', 'never', 'never', 'hidden'",
      replacement: "hidden: ['never', 'never', 'never', 'never', 'journaled'",
    },
    {
      rule: 'outbox',
      what: 'what cannot happen to a transaction passes unseen',
      find: "invariant(next !== undefined && next !== 'never',",
      replacement: "if (next === undefined || next === 'never') return stage;\n  invariant(true,",
    },
    {
      rule: 'outbox',
      what: 'a client whose outcome is unknown is answered again',
      find: "stage === 'unknown' || stage === 'journaled'",
      replacement: "stage === 'journaled'",
    },
  ]),
];
