/** What is shown, and what writes and clocks do. */
import { inFile, type Mutation } from '../mutation.ts';

export const ofShown: readonly Mutation[] = [
  ...inFile('replica/crdt/node.ts', [
    {
      rule: 'M9',
      what: 'a counter is shown before a map',
      find: "if (mapIsReal(map)) return 'MAP';\n    return counterIsReal(counter) ? 'COUNTER' : 'REGISTER';",
      replacement: "if (counterIsReal(counter)) return 'COUNTER';\n    return mapIsReal(map) ? 'MAP' : 'REGISTER';",
    },
    {
      rule: 'M9',
      what: 'a register is shown before a counter',
      find: "return counterIsReal(counter) ? 'COUNTER' : 'REGISTER';",
      replacement: "return registersAreReal(registers) ? 'REGISTER' : 'COUNTER';",
    },
    {
      rule: 'M12',
      what: 'a hidden counter is live',
      find: 'counter !== undefined && counter.presence.length > 0;',
      replacement: 'counter !== undefined;',
    },
    {
      rule: 'M15',
      what: 'default data is shown beside real data of another type',
      find: 'if (livenessOf(node) === 3) {',
      replacement: 'if (livenessOf(node) > 3) {',
    },
    {
      rule: 'M15',
      what: 'a map of default data stays that, whatever is below it',
      find: 'map.isUsual || map.realChildren > 0 || (map',
      replacement: 'map.isUsual || (map',
    },
    {
      rule: 'M16',
      what: 'empty maps stay where nothing is',
      find: 'const keptMap = map && (map.hasPresence || map.size > 0) ? map : undefined;',
      replacement: 'const keptMap = map;',
    },
  ]),
  ...inFile('replica/crdt/document.ts', [
    {
      rule: 'M10',
      what: 'equal values are in conflict',
      find: 'if (values.some((other) => equalValues(other, value))) continue;',
      replacement: '',
    },
    {
      rule: 'M10',
      what: 'losing siblings are not listed',
      find: 'Math.min(registers.length, 2) > 1',
      replacement: 'Math.min(registers.length, 1) > 1',
    },
    {
      rule: 'M10',
      what: 'what is shown is not listed first',
      find: 'return [...variants.filter(({ type }) => type === shown), ...variants.filter(({ type }) => type !== shown)];',
      replacement: 'return variants;',
    },
    {
      rule: 'M13',
      what: 'a document exists for what is hidden in it',
      find: 'return state !== undefined && isLive(state.root);',
      replacement: 'return state !== undefined;',
    },
    {
      rule: 'M14',
      what: 'hidden bases count for the time of a document',
      find: 'if (counterIsLive(counter)) yield* stampsInCounter(counter);',
      replacement: 'if (counter) yield* stampsInCounter(counter);',
    },
  ]),
  ...inFile('replica/crdt/writes.ts', [
    {
      rule: 'M8',
      what: 'assigning resets the counter that it hides',
      find: 'floorsOf(node, path, false)',
      replacement: 'floorsOf(node, path, true)',
    },
    {
      rule: 'M8',
      what: 'removing does not reset the counter at the node',
      find: 'floorsOf(node, path, true)',
      replacement: 'floorsOf(node, path, false)',
    },
    {
      rule: 'M17',
      what: 'null above a write is refused',
      find: '(shownValue(node) ?? null) !== null',
      replacement: 'shownValue(node) !== undefined',
    },
    {
      rule: 'M18',
      what: 'setting a map merges into what is there',
      find: 'if (node) this.#reset(path, node);\n      this.#upsertObject',
      replacement: 'this.#upsertObject',
    },
    {
      rule: 'M19',
      what: 'an empty object over a map that is there writes nothing',
      find: 'if (!isMap || members.length === 0) this.#apply',
      replacement: 'if (!isMap) this.#apply',
    },
    {
      rule: 'M19',
      what: 'INSERT_IF_ABSENT writes where the document is',
      find: "if ((isDefault || strategy === 'INSERT_IF_ABSENT') && !isAbsent) return;",
      replacement: 'if (isDefault && !isAbsent) return;',
    },
    {
      rule: 'M20',
      what: 'a document written back turns counters into numbers',
      find: "if (type === 'COUNTER') {",
      replacement: 'if (path.length === 0) {',
    },
    {
      rule: 'M20',
      what: 'a defined counter begins as a number',
      find: 'if (type === undefined && manner.isCounter(path)) this.#makeCounter(path, value, manner.isDefault);',
      replacement: 'if (path.length === 0) this.#makeCounter(path, value, manner.isDefault);',
    },
    {
      rule: 'M21',
      what: 'a hidden counter does not come back with what it counted alone',
      find: 'const isHidden = node?.counter !== undefined && !counterIsLive(node.counter);',
      replacement: 'const isHidden = false;',
    },
    {
      rule: 'M21',
      what: 'every increment makes a cell of its own, with the totals of the one before',
      find: 'const birth = own?.birth ?? this.writer.number;',
      replacement: 'const birth = this.writer.number;',
    },
    {
      rule: 'M22',
      what: '_id is written to',
      find: "if (path[0] === '_id') throw new IdImmutableError(argument);",
      replacement: '',
    },
  ]),
  ...inFile('replica/crdt/clock.ts', [
    {
      rule: 'M24',
      what: 'the clock goes back with the machine',
      find: 'Math.max(this.#last + 1, this.#now() * counterRange)',
      replacement: 'this.#now() * counterRange',
    },
    {
      rule: 'M24',
      what: 'a clock far ahead drags this one along',
      find: 'if (millisecondsOf(time) > this.#now() + this.#maximumDriftMilliseconds) return false;',
      replacement: '',
    },
  ]),
];
