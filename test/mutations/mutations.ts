/** Each merge rule broken in one place: tests have to notice. */

export interface Mutation {
  /** Of docs/data-model.md. */
  readonly rule: string;
  /** What is wrong then. */
  readonly what: string;
  /** Within replica/crdt. */
  readonly file: string;
  /** Stands in the file once. */
  readonly find: string;
  readonly replacement: string;
}

interface Change {
  readonly rule: string;
  readonly what: string;
  readonly find: string;
  readonly replacement: string;
}

const covering: readonly Change[] = [
  {
    rule: 'M1',
    what: 'the position of the context is not covered',
    find: 'return dot.position <= context.position',
    replacement: 'return dot.position < context.position',
  },
  {
    rule: 'M1',
    what: 'positions of the log are not covered at all',
    find: 'if (dot.log === context.log) return dot.position <= context.position;',
    replacement: '',
  },
  {
    rule: 'M1',
    what: 'the number of an origin is not covered itself',
    find: 'dot.number <= seen',
    replacement: 'dot.number < seen',
  },
  {
    rule: 'M1',
    what: 'a transaction does not cover its own dot',
    find: 'if (dot.origin === own.origin && dot.number === own.number) return true;',
    replacement: '',
  },
  {
    rule: 'M1',
    what: 'dots of a closed log are not covered',
    find: 'return closedAt !== undefined && dot.position <= closedAt;',
    replacement: 'return false;',
  },
  {
    rule: 'M1',
    what: 'all dots of a closed log are covered',
    find: 'return closedAt !== undefined && dot.position <= closedAt;',
    replacement: 'return closedAt !== undefined;',
  },
  {
    rule: 'M1',
    what: 'a dot that is in no log is covered',
    find: 'if (dot.log === undefined) return false;',
    replacement: 'if (dot.log === undefined) return true;',
  },
];

const entries: readonly Change[] = [
  {
    rule: 'M2',
    what: 'presence that was seen is not dropped',
    find: 'return stamps.some((stamp) => writer.covers(stamp)) ? stamps.filter((stamp) => !writer.covers(stamp)) : stamps;',
    replacement: 'return stamps;',
  },
  {
    rule: 'M2',
    what: 'entries that were not seen are dropped with those that were',
    find: '? entries.filter(({ stamp }) => !writer.covers(stamp))',
    replacement: '? []',
  },
  {
    rule: 'M11',
    what: 'the earliest sibling is shown',
    find: 'if (a.timeBelow !== b.timeBelow) return b.timeBelow - a.timeBelow;',
    replacement: 'if (a.timeBelow !== b.timeBelow) return a.timeBelow - b.timeBelow;',
  },
  {
    rule: 'M11',
    what: 'of equal times the lowest origin is shown',
    find: 'return source.origin < b.source.origin ? 1 : -1;',
    replacement: 'return source.origin < b.source.origin ? -1 : 1;',
  },
  {
    rule: 'M11',
    what: 'of equal times and origins the lowest number is shown',
    find: 'return b.number - a.number;',
    replacement: 'return a.number - b.number;',
  },
  {
    rule: 'M11',
    what: 'times far apart are taken for equal',
    find: 'if (source.timeAbove !== b.source.timeAbove) return b.source.timeAbove - source.timeAbove;',
    replacement: '',
  },
  {
    rule: 'M11',
    what: 'siblings stand in the order in which they came',
    find: 'return kept.length === 0 ? [own] : [...kept, own].sort((a, b) => compareStamps(a.stamp, b.stamp));',
    replacement: 'return [...kept, own];',
  },
  {
    rule: 'M15',
    what: 'default data has the time of its transaction',
    find: 'const timeBelow = isDefault ? 0 : time - timeAbove * timeRange;',
    replacement: 'const timeBelow = time - timeAbove * timeRange;',
  },
];

const operations: readonly Change[] = [
  {
    rule: 'M3',
    what: 'assigning drops nothing below',
    find: 'own), edit.dropMap(node.map), hideCounter(node, edit)',
    replacement: 'own), node.map, hideCounter(node, edit)',
  },
  {
    rule: 'M3',
    what: 'assigning leaves the counter shown',
    find: 'edit.dropMap(node.map), hideCounter(node, edit)',
    replacement: 'edit.dropMap(node.map), node.counter',
  },
  {
    rule: 'M3',
    what: 'assigning drops hidden base and cells',
    find: 'edit.dropMap(node.map), hideCounter(node, edit)',
    replacement: 'edit.dropMap(node.map), undefined',
  },
  {
    rule: 'M3',
    what: 'assigning drops siblings that were not seen, beside others',
    find: 'nodeOf(replaceEntries(node.registers, edit.writer, own), edit.dropMap',
    replacement: 'nodeOf([own], edit.dropMap',
  },
  {
    rule: 'M3',
    what: 'assigning drops a lone register that was not seen',
    find: 'if (node === emptyNode || (node instanceof RegisterNode && edit.writer.covers(node.stamp))) return own;',
    replacement: 'if (node === emptyNode || node instanceof RegisterNode) return own;',
  },
  {
    rule: 'M4',
    what: 'making a map keeps the registers that were seen',
    find: 'const registers = dropEntries(node.registers, edit.writer);',
    replacement: 'const { registers } = node;',
  },
  {
    rule: 'M4',
    what: 'making a map drops presence that was not seen',
    find: 'replaceStamps(node.map?.presence ?? [], edit.writer, edit.stamp(isDefault))',
    replacement: '[edit.stamp(isDefault)]',
  },
  {
    rule: 'M4',
    what: 'making a map leaves the counter that was seen',
    find: 'edit.withPresence(node.map, presence), hideCounter(node, edit)',
    replacement: 'edit.withPresence(node.map, presence), node.counter',
  },
  {
    rule: 'M5',
    what: 'making a counter keeps the registers that were seen',
    find: 'return nodeOf(dropEntries(node.registers, edit.writer), node.map, {',
    replacement: 'return nodeOf(node.registers, node.map, {',
  },
  {
    rule: 'M5',
    what: 'making a counter keeps the base that was seen',
    find: 'replaceEntries(bases, edit.writer, { stamp, value: base })',
    replacement: '(bases.length > 0 ? bases : [{ stamp, value: base }])',
  },
  {
    rule: 'M5',
    what: 'making a counter drops a base that was not seen',
    find: 'replaceEntries(bases, edit.writer, { stamp, value: base })',
    replacement: '[{ stamp, value: base }]',
  },
  {
    rule: 'M5',
    what: 'making a counter without a base forgets the hidden one',
    find: 'bases: base === undefined ? bases :',
    replacement: 'bases: base === undefined ? [] :',
  },
  {
    rule: 'M6',
    what: 'an increment leaves no presence of its own beside another',
    find: 'presence: replaceStamps(presence, edit.writer, edit.stamp(isDefault)),',
    replacement: 'presence: presence.length > 0 ? presence : [edit.stamp(isDefault)],',
  },
  {
    rule: 'M8',
    what: 'floors are not raised',
    find: 'return operation.floors.length === 0 ? changed : raise(changed, operation.floors, edit);',
    replacement: 'return changed;',
  },
];

const trees: readonly Change[] = [
  {
    rule: 'M15',
    what: 'default data is data like any other',
    find: 'this.#defaultStamp ??= makeStamp(this.writer, true);',
    replacement: 'this.#defaultStamp ??= makeStamp(this.writer, false);',
  },
  {
    rule: 'M7',
    what: 'removing drops registers that were not seen',
    find: 'if (node instanceof RegisterNode) return writer.covers(node.stamp) ? undefined : node;',
    replacement: 'if (node instanceof RegisterNode) return undefined;',
  },
  {
    rule: 'M7',
    what: 'removing keeps registers that were seen, beside others',
    find: 'const registers = node.registers.filter(({ stamp }) => !writer.covers(stamp));',
    replacement: 'const { registers } = node;',
  },
  {
    rule: 'M7',
    what: 'removing keeps bases',
    find: 'bases: former.bases.filter(({ stamp }) => !writer.covers(stamp)),',
    replacement: 'bases: former.bases,',
  },
  {
    rule: 'M7',
    what: 'removing keeps counters shown',
    find: 'presence: dropStamps(former.presence, writer),',
    replacement: 'presence: former.presence,',
  },
  {
    rule: 'M7',
    what: 'removing drops what was counted and not seen',
    find: 'cells: former.cells,',
    replacement: 'cells: [],',
  },
  {
    rule: 'M7',
    what: 'removing keeps maps',
    find: 'const presence = dropStamps(map.presence, this.writer);',
    replacement: 'const { presence } = map;',
  },
];

const counters: readonly Change[] = [
  {
    rule: 'M6',
    what: 'a cell that comes back counts again what was removed',
    find: 'upFloor: before.up, downFloor: before.down };',
    replacement: 'upFloor: 0, downFloor: 0 };',
  },
  {
    rule: 'M6',
    what: 'totals are taken as they come, not by maximum',
    find: 'up: Math.max(from.up, after.up),',
    replacement: 'up: after.up,',
  },
  {
    rule: 'M8',
    what: 'a reset that saw less lowers the floor',
    find: 'upFloor: Math.min(Math.max(here.upFloor, seen.up), here.up),',
    replacement: 'upFloor: Math.min(seen.up, here.up),',
  },
  {
    rule: 'M8',
    what: 'what was taken away is not reset',
    find: 'downFloor: Math.min(Math.max(here.downFloor, seen.down), here.down),',
    replacement: '',
  },
  {
    rule: 'M8',
    what: 'more is reset than was counted',
    find: 'upFloor: Math.min(Math.max(here.upFloor, seen.up), here.up),',
    replacement: 'upFloor: Math.max(here.upFloor, seen.up),',
  },
  {
    rule: 'M8',
    what: 'a cell that counts nothing any more stays',
    find: 'return isSpent(cell) ? [] : [cell];',
    replacement: 'return [cell];',
  },
  {
    rule: 'M12',
    what: 'cells are summed from the highest origin down',
    find: 'if (a.origin !== b.origin) return a.origin < b.origin ? -1 : 1;',
    replacement: 'if (a.origin !== b.origin) return a.origin < b.origin ? 1 : -1;',
  },
  {
    rule: 'M12',
    what: 'births are ordered as text',
    find: 'return a.birth - b.birth;',
    replacement: 'return a.birth === b.birth ? 0 : String(a.birth) < String(b.birth) ? -1 : 1;',
  },
  {
    rule: 'M12',
    what: 'a counter becomes infinite',
    find: 'return Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);',
    replacement: 'return value;',
  },
  {
    rule: 'M12',
    what: 'the oldest base counts',
    find: 'bases[0]?.value',
    replacement: 'bases.at(-1)?.value',
  },
  {
    rule: 'M21',
    what: 'an origin counts on in its oldest cell',
    find: 'return cells.findLast((cell) => cell.origin === origin);',
    replacement: 'return cells.find((cell) => cell.origin === origin);',
  },
];

const shown: readonly Change[] = [
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
];

const documents: readonly Change[] = [
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
];

const writes: readonly Change[] = [
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
    find: 'if (!isMap || keys.length === 0) this.#apply',
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
];

const clock: readonly Change[] = [
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
];

const inFile = (file: string, changes: readonly Change[]): readonly Mutation[] =>
  changes.map((change) => ({ ...change, file }));

export const mutations: readonly Mutation[] = [
  ...inFile('version.ts', covering),
  ...inFile('stamp.ts', entries),
  ...inFile('apply.ts', operations),
  ...inFile('map.ts', trees),
  ...inFile('map-node.ts', [
    {
      rule: 'M3',
      what: 'the usual assign drops a register that was not seen',
      find: 'return slot instanceof RegisterNode && writer.covers(slot) ? index : -1;',
      replacement: 'return slot instanceof RegisterNode ? index : -1;',
    },
  ]),
  ...inFile('tree.ts', [
    {
      rule: 'M6',
      what: 'counting on in the one cell of a counter loses its floors',
      find: 'up: Math.max(this.up, up),\n      down: Math.max(this.down, down),\n      upFloor,\n      downFloor,',
      replacement:
        'up: Math.max(this.up, up),\n      down: Math.max(this.down, down),\n      upFloor: 0,\n      downFloor: 0,',
    },
  ]),
  ...inFile('counter.ts', counters),
  ...inFile('node.ts', shown),
  ...inFile('document.ts', documents),
  ...inFile('writes.ts', writes),
  ...inFile('clock.ts', clock),
];
