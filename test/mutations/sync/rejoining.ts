/** Starting, rejoining and healing. */
import { inFile, type Mutation } from '../mutation.ts';

export const ofRejoining: readonly Mutation[] = [
  ...inFile('replica/sync/healing/rejoin.ts', [
    {
      rule: 'P31',
      what: 'it goes on following while it loads',
      find: '    this.#options.host.pause(',
      replacement: '    void (',
    },
    {
      rule: 'P45',
      what: 'it heals before others had time to say that they may',
      find: 'round >= heartbeatsToNotice && isTurn',
      replacement: 'isTurn',
    },
    {
      rule: 'P45',
      what: 'it heals though another is further',
      find: 'const isTurn = isFurthest(peers.ownCandidate, peers.healers()) ||',
      replacement: 'const isTurn = true ||',
    },
    {
      rule: 'P45',
      what: 'it waits for ever for who is further',
      find: ' || round > heartbeatsToNotice + heartbeatsToHeal',
      replacement: '',
    },
    {
      rule: 'P45',
      what: 'its heartbeat does not say that it may heal',
      find: "    this.mayHeal = way === 'heal';\n",
      replacement: '',
    },
    {
      rule: 'P45',
      what: 'its heartbeat says that it may heal once that is settled',
      find: '    this.mayHeal = false;\n',
      replacement: '',
    },
    {
      rule: 'P44',
      what: 'it stops where the log goes on after all',
      find: "if (next === 'follows' || next === 'undecodable') {",
      replacement: "if (next === 'undecodable') {",
    },
    {
      rule: 'P44',
      what: 'it gives up once there is nothing to load or heal',
      find: '    host.stopped(problem);\n    return false;\n  }\n\n  async #sharedBeginning',
      replacement: '    host.stopped(problem);\n    return true;\n  }\n\n  async #sharedBeginning',
    },
    {
      rule: 'P31',
      what: 'documents that only the former state had stay shown',
      find: '  for (const key of before.keys()) if (!after.state(...key)) await compare(key);\n',
      replacement: '',
    },
    {
      rule: 'P31',
      what: 'documents that both have count as the same, whatever they show',
      find: '    if (!isSame) changed.push([collection, id]);',
      replacement: '    if (!one || !other) changed.push([collection, id]);',
    },
    {
      rule: 'rejoin',
      what: 'a closed replica goes on trying',
      find: 'for (let round = 0; !signal.aborted; round += 1)',
      replacement: 'for (let round = 0; ; round += 1)',
    },
    {
      rule: 'rejoin',
      what: 'it gives up where the site cannot be reached',
      find: '        if (await attempt(round)) return;\n      } catch (error) {\n',
      replacement:
        '        if (await attempt(round)) return;\n      } catch (error) {\n        if (error instanceof LogUnavailableError) return;\n',
    },
    {
      rule: 'P63',
      what: 'a snapshot that ends before the entry that does not decode is loaded',
      find: 'if (begin?.log !== head.log || begin.position <= head.position) {',
      replacement: 'if (begin?.log !== head.log) {',
    },
  ]),
  ...inFile('replica/sync/healing/heal.ts', [
    {
      rule: 'P45',
      what: 'it heals without the lease',
      find: "  if (!(await snapshots.takeLease('heal', lease, leaseMilliseconds))) return false;\n",
      replacement: "  await snapshots.takeLease('heal', lease, leaseMilliseconds);\n",
    },
    {
      rule: 'P21',
      what: 'what it writes is not listed',
      find: '    if (!(await snapshots.list(listed, this.#lease))) return undefined;\n',
      replacement: '',
    },
    {
      rule: 'P45',
      what: 'its leases are kept until they are over',
      find: "    for (const kind of ['snapshot', 'heal'] as const)\n      await snapshots.releaseLease",
      replacement: "    for (const kind of [] as ('snapshot' | 'heal')[])\n      await snapshots.releaseLease",
    },
    {
      rule: 'P46',
      what: 'what is in the log that is there is not taken along',
      find: 'while (this.#there) {',
      replacement: 'while (false) {',
    },
    {
      rule: 'P43',
      what: 'the new log does not say that it grew from another',
      find: 'const log = newGrownLogId(parts.random);',
      replacement: "const log = newGrownLogId(parts.random).replace('-grown', '');",
    },
  ]),
  ...inFile('replica/sync/start/start.ts', [
    {
      rule: 'start',
      what: 'a log is made though a replica is heard that knows one',
      find: 'if (waited >= heartbeats && !known)',
      replacement: 'if (waited >= heartbeats)',
    },
    {
      rule: 'start',
      what: 'a log is made at once',
      find: 'if (waited >= heartbeats && !known)',
      replacement: 'if (!known)',
    },
    {
      rule: 'start',
      what: 'a journal that knows a log makes no difference',
      find: 'heartbeatsWithoutLog[journalHoldsAny ? 1 : 0]',
      replacement: 'heartbeatsWithoutLog[0]',
    },
    {
      rule: 'P41',
      what: 'what the log went on without is handed on again',
      find: '    if (prefix.wentOnWithout(origin, number)) {\n      late.push(transaction);\n      continue;\n    }\n',
      replacement: '',
    },
    {
      rule: 'start',
      what: 'what came back is handed on again',
      find: 'if (number <= (prefix.origins.get(origin) ?? 0)) {',
      replacement: 'if (number < (prefix.origins.get(origin) ?? 0)) {',
    },
    {
      rule: 'start',
      what: 'a journal with other bytes passes unseen',
      find: 'if (delta.origin !== origin || delta.number !== number)',
      replacement: 'if (delta.origin !== origin)',
    },
    {
      rule: 'P51',
      what: 'an origin is gone on with that the log does not agree to',
      find: '    if (claimed) return { origin: clean.origin, secret };\n',
      replacement: '    return { origin: clean.origin, secret };\n',
    },
    {
      rule: 'P51',
      what: 'an origin of another name is gone on with',
      find: 'if (clean?.origin.slice(0, -originSuffixCharacters) === name) {',
      replacement: 'if (clean !== undefined) {',
    },
    {
      rule: 'P51',
      what: 'the clean mark is spent while the site does not answer',
      find: '  if (!isReached) return { origin: fresh, secret };\n  const clean = await journal?.takeCleanMark();\n',
      replacement:
        '  const clean = await journal?.takeCleanMark();\n  if (!isReached) return { origin: fresh, secret };\n',
    },
  ]),
];
