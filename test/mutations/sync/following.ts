/** Following the log, applying it, and what replicas say of themselves. */
import { inFile, type Mutation } from '../mutation.ts';

export const ofFollowing: readonly Mutation[] = [
  ...inFile('replica/sync/follower.ts', [
    {
      rule: 'follower',
      what: 'an entry on another mark is applied',
      find: 'entry.first !== head.position + 1 || entry.before !== head.mark',
      replacement: 'entry.first !== head.position + 1',
    },
    {
      rule: 'follower',
      what: 'an early entry on another mark is applied',
      find: '      if (next.before !== head.mark) {\n',
      replacement: '      if (next.before === undefined) {\n',
    },
    {
      rule: 'follower',
      what: 'an entry of another log is applied',
      find: 'if (entry.log !== head.log) this.readInBackground();',
      replacement: 'if (entry.log === undefined) this.readInBackground();',
    },
    {
      rule: 'follower',
      what: 'what came early is not applied once it follows',
      find: 'else if (this.#apply(entry, deltas)) this.#applyEarly();',
      replacement: 'else this.#apply(entry, deltas);',
    },
    {
      rule: 'follower',
      what: 'early entries are kept without a limit',
      find: 'if (this.#early.size < limits.waitingEntries) this.#early.set(entry.first, entry);',
      replacement: 'this.#early.set(entry.first, entry);',
    },
    {
      rule: 'follower',
      what: 'a gap is not read',
      find: '      this.gapsRepaired += this.#reading ? 0 : 1;\n      this.readInBackground();\n',
      replacement: '      this.gapsRepaired += this.#reading ? 0 : 1;\n',
    },
    {
      rule: 'follower',
      what: 'a gap is counted for each entry beyond it',
      find: 'this.gapsRepaired += this.#reading ? 0 : 1;',
      replacement: 'this.gapsRepaired += 1;',
    },
    {
      rule: 'follower',
      what: 'a position that has another mark now passes unseen in gossip',
      find: '      if (known !== undefined && known !== entry.mark) this.readInBackground();\n',
      replacement: '',
    },
    {
      rule: 'follower',
      what: 'entries are applied while the log is not followed',
      find: '    if (!this.#isFollowing) return;\n    const { head } = this.#options.place;\n    if (entry.log',
      replacement: '    const { head } = this.#options.place;\n    if (entry.log',
    },
    {
      rule: 'follower',
      what: 'a log that is gone passes unseen',
      find: "if (end === undefined) throw new LogReplacedError('the log is gone');",
      replacement: 'if (end === undefined) return;',
    },
    {
      rule: 'follower',
      what: 'a log that went back passes unseen',
      find: '    if (end.position < from.position)\n',
      replacement: '    if (end.position < 0)\n',
    },
    {
      rule: 'follower',
      what: 'another log passes unseen',
      find: 'if (end.log !== from.log) throw',
      replacement: 'if (end.log === undefined) throw',
    },
    {
      rule: 'follower',
      what: 'a history with other entries up to the same position passes unseen',
      find: 'if (end.position === from.position && end.mark !== from.mark)',
      replacement: 'if (end.position === -1)',
    },
    {
      rule: 'follower',
      what: 'who asks while it reads is given a read that began before',
      find: '      this.#readAgain = true;\n      return this.#reading;\n',
      replacement: '      return this.#reading;\n',
    },
    {
      rule: 'follower',
      what: 'an entry that does not decode ends the process',
      find: '      if (!isUndecodable(error)) throw error;\n      this.#block(error);\n      return false;\n',
      replacement: '      throw error;\n',
    },
    {
      rule: 'follower',
      what: 'it stays blocked once the entry decodes',
      find: '    if (this.#isBlocked) this.#options.observer.logUnblocked();\n',
      replacement: '',
    },
    {
      rule: 'follower',
      what: 'a hint of a longer log is not followed',
      find: 'if (theirs.log !== head.log || !isKnown || this.#isBlocked) this.readInBackground();',
      replacement: 'if (theirs.log !== head.log) this.readInBackground();',
    },
    {
      rule: 'follower',
      what: 'every hint is a reason to read',
      find: 'if (theirs.log !== head.log || !isKnown || this.#isBlocked) this.readInBackground();',
      replacement: 'this.readInBackground();',
    },
  ]),
  ...inFile('replica/sync/applier.ts', [
    {
      rule: 'P2',
      what: 'a client is not answered when its transaction comes back',
      find: '      own.cameBack(origin, number, state);\n',
      replacement: '',
    },
    {
      rule: 'P41',
      what: 'what the log went on without is shown on',
      find: '    for (const transaction of transactions) state.drop(transaction);\n',
      replacement: '',
    },
    {
      rule: 'P49',
      what: 'what was hidden stays so, once what it saw is here',
      find: '    for (const transaction of own.reveal(state.prefix.origins)) state.journal(transaction, false);\n',
      replacement: '',
    },
    {
      rule: 'P1',
      what: 'the head does not move',
      find: '    state.prefix.advance(entry);\n',
      replacement: '',
    },
  ]),
  ...inFile('replica/sync/heartbeat.ts', [
    {
      rule: 'heartbeats',
      what: 'any origin is taken',
      find: '    !/^[A-Za-z0-9._-]{1,64}\\.[a-z0-9]{8}$/.test(origin) ||\n',
      replacement: '',
    },
    {
      rule: 'heartbeats',
      what: 'a negative count is taken',
      find: 'Number.isSafeInteger(value) && value >= 0',
      replacement: 'Number.isSafeInteger(value)',
    },
    {
      rule: 'heartbeats',
      what: 'a count that is no integer is taken',
      find: 'Number.isSafeInteger(value) && value >= 0',
      replacement: 'value >= 0',
    },
    {
      rule: 'heartbeats',
      what: 'a heartbeat of any size is parsed',
      find: 'if (bytes.length > limits.heartbeatBytes)',
      replacement: 'if (bytes.length > 1_000 * limits.heartbeatBytes)',
    },
    {
      rule: 'P83',
      what: 'a range of formats that ends before it begins is taken',
      find: ' && Number(value[0]) <= Number(value[1])',
      replacement: '',
    },
    {
      rule: 'P83',
      what: 'a replica that does not say what it reads is taken for one that reads the next format',
      find: '[firstFormat, firstFormat]',
      replacement: '[firstFormat, firstFormat + 1]',
    },
  ]),
];
