/**
 * Counter: a number to which concurrent increments add up. docs/internals/data-model.md, M6, M8 and M12. Why totals,
 * not steps: a cell's totals only grow, so applying an increment is a maximum. A remove raises the floors to the totals
 * that it had seen, so an increment that it had not seen survives. Such an increment may bring back a cell that the
 * remove dropped; the cell then starts at the increment's own `before`, or the removed amount would be counted again.
 * Source: PN-counter, Shapiro et al., A comprehensive study of Convergent and Commutative Replicated Data Types (INRIA
 * RR-7506, 2011). Births and floors are ours.
 */
import type { CellTotals, Totals } from './delta.ts';
import { type Entry, type Stamp, sameStamp } from './stamp.ts';
import type { Origin } from './version.ts';

/** The count of one origin since one birth. Each floor is <= its total, and at least one is below it. */
export interface Cell extends CellTotals {
  readonly origin: Origin;
  /** The sequence number of the transaction that created the cell. */
  readonly birth: number;
}

/** Presence and bases are sorted latest first, cells by origin, then birth. A counter without presence is hidden. */
export interface Counter {
  readonly presence: readonly Stamp[];
  readonly bases: readonly Entry<number>[];
  readonly cells: readonly Cell[];
}

export const emptyCounter: Counter = { presence: [], bases: [], cells: [] };

/**
 * M12. The latest base plus the sum of the cells. A floating-point sum depends on its order, so the order of the cells
 * is fixed and replicas agree to the last bit. The value saturates at the largest finite number.
 */
export function counterValue({ bases, cells }: Counter): number {
  let counted = 0;
  for (const { up, down, upFloor, downFloor } of cells) counted += up - upFloor - (down - downFloor);
  const value = (bases[0]?.value ?? 0) + counted;
  return Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);
}

export function compareCells(a: Pick<Cell, 'origin' | 'birth'>, b: Pick<Cell, 'origin' | 'birth'>): number {
  if (a.origin !== b.origin) return a.origin < b.origin ? -1 : 1;
  return a.birth - b.birth;
}

/** A spent cell contributes nothing and is dropped. */
const isSpent = ({ up, down, upFloor, downFloor }: CellTotals): boolean => up === upFloor && down === downFloor;

/** Whether a write that resets the counter must name this cell's floors. */
export const aboveFloors = (cell: CellTotals): boolean => !isSpent(cell);

/** M6. Applies an increment to the cells. */
export function countInto(
  cells: readonly Cell[],
  origin: Origin,
  birth: number,
  before: Totals,
  after: Totals,
): readonly Cell[] {
  const here = cells.find((cell) => cell.origin === origin && cell.birth === birth);
  const from = here ?? { up: before.up, down: before.down, upFloor: before.up, downFloor: before.down };
  return replaceCell(cells, {
    origin,
    birth,
    up: Math.max(from.up, after.up),
    down: Math.max(from.down, after.down),
    upFloor: from.upFloor,
    downFloor: from.downFloor,
  });
}

/** M8. Applies a reset that had seen these totals. If the cell does not exist here, there is nothing to reset. */
export function raiseFloors(cells: readonly Cell[], origin: Origin, birth: number, seen: Totals): readonly Cell[] {
  const here = cells.find((cell) => cell.origin === origin && cell.birth === birth);
  if (here === undefined) return cells;
  return replaceCell(cells, {
    ...here,
    // Never above what was counted here: an increment that the reset had seen may have been refused since.
    upFloor: Math.min(Math.max(here.upFloor, seen.up), here.up),
    downFloor: Math.min(Math.max(here.downFloor, seen.down), here.down),
  });
}

function replaceCell(cells: readonly Cell[], cell: Cell): readonly Cell[] {
  const [only] = cells;
  if (only === undefined || (cells.length === 1 && compareCells(only, cell) === 0)) return isSpent(cell) ? [] : [cell];
  const before = cells.filter((other) => compareCells(other, cell) < 0);
  const after = cells.filter((other) => compareCells(other, cell) > 0);
  return isSpent(cell) ? [...before, ...after] : [...before, cell, ...after];
}

/** The newest of an origin's cells: the one it counts into. */
export function ownCell(cells: readonly Cell[], origin: Origin): Cell | undefined {
  return cells.findLast((cell) => cell.origin === origin);
}

export function sameCounter(a: Counter, b: Counter): boolean {
  return (
    a.presence.length === b.presence.length &&
    a.bases.length === b.bases.length &&
    a.cells.length === b.cells.length &&
    a.presence.every((stamp, index) => isSame(stamp, b.presence[index])) &&
    a.bases.every(
      ({ stamp, value }, index) => value === b.bases[index]?.value && isSame(stamp, b.bases[index]?.stamp),
    ) &&
    a.cells.every((cell, index) => isSameCell(cell, b.cells[index]))
  );
}

const isSame = (a: Stamp, b: Stamp | undefined): boolean => b !== undefined && sameStamp(a, b);

const isSameCell = (a: Cell, b: Cell | undefined): boolean =>
  b !== undefined &&
  compareCells(a, b) === 0 &&
  a.up === b.up &&
  a.down === b.down &&
  a.upFloor === b.upFloor &&
  a.downFloor === b.downFloor;
