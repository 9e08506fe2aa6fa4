/** What this replica writes, on its way into the log or the journal. */
import { inFile, type Mutation } from '../mutation.ts';

export const ofOutbox: readonly Mutation[] = [
  ...inFile('replica/sync/outbox/unsent.ts', [
    {
      rule: 'P49',
      what: 'a hidden transaction is shown though one before it is missing',
      find: '!isHere(origin, numberBefore) ||',
      replacement: '',
    },
    {
      rule: 'P49',
      what: 'a hidden transaction is shown though another’s that it saw is missing',
      find: ' || ![...others].every(([name, at]) => isHere(name, at))',
      replacement: '',
    },
    {
      rule: 'P49',
      what: 'a revealed transaction does not count for those after it',
      find: '      this.#hiddenCount -= 1;\n      this.#journaledNumbers.set(origin, number);',
      replacement: '      this.#hiddenCount -= 1;',
    },
    {
      rule: 'P48',
      what: 'a new history shows what it may lack the causes of',
      find: "      move(waiting, 'hidden');\n",
      replacement: '',
    },
    {
      rule: 'P48',
      what: 'contexts are not cut for a new history',
      find: 'for (const waiting of this.all()) waiting.transaction = recut(waiting.transaction);',
      replacement: '',
    },
    {
      rule: 'P48',
      what: 'what a new history lacks comes behind what waits',
      find: '    for (const transaction of lacking)\n      this.#journaled.set(nameOf(transaction.origin, transaction.number), hidden(transaction));\n',
      replacement:
        '    queueMicrotask(() => {\n      for (const transaction of lacking)\n        this.#journaled.set(nameOf(transaction.origin, transaction.number), hidden(transaction));\n    });\n',
    },
    {
      rule: 'outbox',
      what: 'what came back is answered by nobody',
      find: 'else if (!isAnswered(removed.waiting)) removed.waiting.resolve(shown.token);',
      replacement: '',
    },
    {
      rule: 'outbox',
      what: 'what came back stays in the journal',
      find: 'if (!removed.wasPending) this.#returned.add(origin, number);',
      replacement: 'if (!removed.wasPending) return;',
    },
    {
      rule: 'outbox',
      what: 'what came back while the journal was written stays in it',
      find: '    if (!this.#pending.delete(number)) {\n      this.#returned.add(origin, number);\n',
      replacement: '    if (!this.#pending.delete(number)) {\n',
    },
    {
      rule: 'P41',
      what: 'the last number that came too late is kept',
      find: 'if (number > (numbers.get(origin) ?? -1)) continue;',
      replacement: 'if (number >= (numbers.get(origin) ?? -1)) continue;',
    },
    {
      rule: 'P41',
      what: 'what came too late is not set aside',
      find: '    this.#returned.setAside(late);\n',
      replacement: '',
    },
    {
      rule: 'P41',
      what: 'who waits for what came too late is not told',
      find: "      if (!isAnswered(waiting)) reject(new StoreUnavailableError('the log went on without this write'));\n",
      replacement: '',
    },
    {
      rule: 'outbox',
      what: 'a batch is larger than its limit',
      find: 'if (batch.length > 0 && bytes > mostBytes) break;',
      replacement: 'if (batch.length > 1 && bytes > 2 * mostBytes) break;',
    },
    {
      rule: 'outbox',
      what: 'a transaction that is larger than the limit is never sent',
      find: 'if (batch.length > 0 && bytes > mostBytes) break;',
      replacement: 'if (bytes > mostBytes) break;',
    },
    {
      rule: 'outbox',
      what: 'what is refused is staged on',
      find: '      shown.unstage(waiting.transaction);\n',
      replacement: '',
    },
    {
      rule: 'outbox',
      what: 'numbers name what was refused',
      find: '    this.#numbers.clear();\n    for (const [origin, number] of this.#journaledNumbers)',
      replacement: '    for (const [origin, number] of this.#journaledNumbers)',
    },
    {
      rule: 'outbox',
      what: 'who closes leaves clients without an answer',
      find: '    for (const waiting of this.#pending) if (!isAnswered(waiting)) waiting.reject(new OutcomeUnknownError());\n',
      replacement: '',
    },
  ]),
  ...inFile('replica/sync/outbox/outbox.ts', [
    {
      rule: 'outbox',
      what: 'writes of one turn go one by one',
      find: '    // Transactions of one turn of the event loop go together.\n    await Promise.resolve();\n',
      replacement: '',
    },
    {
      rule: 'outbox',
      what: 'two appends are under way at once',
      find: 'if (this.#link.isClosed || this.#working) return;',
      replacement: 'if (this.#link.isClosed) return;',
    },
    {
      rule: 'outbox',
      what: 'a gap before its own entry is not read',
      find: '      if (batch.some((waiting) => this.#unsent.has(waiting))) await this.#options.follower.catchUp();\n',
      replacement: '',
    },
    {
      rule: 'outbox',
      what: 'an append whose answer was lost counts as refused',
      find: 'error instanceof LogReplacedError || (error instanceof LogUnavailableError && error.refused)',
      replacement: 'error instanceof LogReplacedError || error instanceof LogUnavailableError',
    },
    {
      rule: 'P41',
      what: 'a transaction never goes on without what it saw',
      find: "        waiting.context = 'overdue';\n",
      replacement: '',
    },
    {
      rule: 'P41',
      what: 'a transaction goes on without what it saw at once',
      find: "isOverdue: context === 'overdue'",
      replacement: "isOverdue: context !== 'assumed'",
    },
    {
      rule: 'P10',
      what: 'an append is tried though the log cannot be read',
      find: '      () => this.#retryLater(),\n',
      replacement: "      () => {\n        this.#link.dispatch({ kind: 'logRead' });\n        this.work();\n      },\n",
    },
    {
      rule: 'outbox',
      what: 'a site that cannot be reached is not tried again',
      find: '    this.#retryLater();\n    this.work();\n',
      replacement: '    this.work();\n',
    },
    {
      rule: 'outbox',
      what: 'each try waits as long as the first',
      find: 'new Backoff(options.retryMilliseconds)',
      replacement: 'new Backoff([options.retryMilliseconds[0], options.retryMilliseconds[0]])',
    },
    {
      rule: 'outbox',
      what: 'tries wait longer and longer without a limit',
      find: 'new Backoff(options.retryMilliseconds)',
      replacement: 'new Backoff([options.retryMilliseconds[0], Number.POSITIVE_INFINITY])',
    },
    {
      rule: 'outbox',
      what: 'the next cut begins with the long wait of the last',
      find: '      this.#backoff.reset();\n      this.#unsent.moveAll',
      replacement: '      this.#unsent.moveAll',
    },
    {
      rule: 'outbox',
      what: 'the journal is written before the checkpoint has what transactions saw',
      find: '    if (this.#unsent.pendingCount > 0) await checkpoint?.flush();\n',
      replacement: '',
    },
    {
      rule: 'outbox',
      what: 'what the journal does not take is answered',
      find: '      this.#unsent.refuse(reason, state);\n      return;\n',
      replacement: '',
    },
    {
      rule: 'outbox',
      what: 'writes are taken while nothing can take them',
      find: "if (this.#link.kind !== 'attached' && !this.#usesJournal) throw this.#unavailable();",
      replacement: '',
    },
    {
      rule: 'outbox',
      what: 'a closed replica takes writes',
      find: "    if (this.#link.isClosed) throw new StoreUnavailableError('this replica is stopping');\n",
      replacement: '',
    },
    {
      rule: 'outbox',
      what: 'the problem stays once the site takes writes again',
      find: '      this.#problem = undefined;\n      if (batch.some',
      replacement: '      if (batch.some',
    },
    {
      rule: 'outbox',
      what: 'the number of a refused write is used again',
      find: '    this.lastNumber = transaction.number;\n',
      replacement: '',
    },
  ]),
];
