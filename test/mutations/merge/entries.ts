/** What is covered, dropped, and which of some is the latest. */
import { inFile, type Mutation } from '../mutation.ts';

export const ofEntries: readonly Mutation[] = [
  ...inFile('replica/crdt/version.ts', [
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
      find: 'number <= seen',
      replacement: 'number < seen',
    },
    {
      rule: 'M1',
      what: 'a transaction does not cover its own dot',
      find: 'number <= context.numberBefore || number === own.number',
      replacement: 'number <= context.numberBefore',
    },
    {
      rule: 'M1',
      what: 'a transaction does not cover the one before it of its origin',
      find: 'number <= context.numberBefore || number === own.number',
      replacement: 'number === own.number',
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
  ]),
  ...inFile('replica/crdt/stamp.ts', [
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
  ]),
  ...inFile('replica/crdt/map.ts', [
    {
      rule: 'M15',
      what: 'default data is data like any other',
      find: 'this.#defaultStamp ??= this.#make(true);',
      replacement: 'this.#defaultStamp ??= this.#make(false);',
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
  ]),
  ...inFile('replica/crdt/map-node.ts', [
    {
      rule: 'M3',
      what: 'the usual assign drops a register that was not seen',
      find: 'return !stamp.isDefault && writer.covers(stamp) ? index : -1;',
      replacement: 'return stamp.isDefault ? -1 : index;',
    },
    {
      rule: 'M15',
      what: 'a map takes a real register in the place of default data for default data',
      find: 'return !stamp.isDefault && writer.covers(stamp) ? index : -1;',
      replacement: 'return writer.covers(stamp) ? index : -1;',
    },
  ]),
];
