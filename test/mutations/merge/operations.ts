/** What wire operations do, and how counters count. */
import { inFile, type Mutation } from '../mutation.ts';

export const ofOperations: readonly Mutation[] = [
  ...inFile('replica/crdt/apply.ts', [
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
      rule: 'M6',
      what: 'counting on drops presence that was not seen',
      find: 'node.isOf(edit.writer.origin, birth) && edit.writer.covers(node))',
      replacement: 'node.isOf(edit.writer.origin, birth))',
    },
    {
      rule: 'M8',
      what: 'floors are not raised',
      find: 'return operation.floors.length === 0 ? changed : raise(changed, operation.floors, edit);',
      replacement: 'return changed;',
    },
  ]),
  ...inFile('replica/crdt/counter.ts', [
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
  ]),
  ...inFile('replica/crdt/tree.ts', [
    {
      rule: 'M6',
      what: 'a counter that begins with a cell that comes back counts again what was removed',
      find: 'upFloor: before.up,\n      downFloor: before.down,',
      replacement: 'upFloor: 0,\n      downFloor: 0,',
    },
    {
      rule: 'M6',
      what: 'counting on in the one cell of a counter loses its floors',
      find: 'up: Math.max(this.up, up),\n      down: Math.max(this.down, down),\n      upFloor,\n      downFloor,',
      replacement:
        'up: Math.max(this.up, up),\n      down: Math.max(this.down, down),\n      upFloor: 0,\n      downFloor: 0,',
    },
  ]),
];
