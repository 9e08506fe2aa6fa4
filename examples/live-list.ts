/** How a list is kept up to date by the events of a live query: the same for every client. */

/** As a live query's subscription gives it, with these fields selected. */
export interface LiveEvent<Node> {
  readonly initial: boolean;
  readonly inserted: readonly { readonly index: number; readonly node: Node }[];
  readonly removed: readonly { readonly index: number }[];
  readonly moved: readonly { readonly from: number; readonly to: number }[];
}

/**
 * @param before the list as it was; the first event (`initial`) begins anew
 * @returns the list after the event. What only changed (`updated`) is the cache's: it knows each document by its id
 */
export function applyEvent<Node>(before: readonly Node[], event: LiveEvent<Node>): Node[] {
  const list = event.initial ? [] : before;
  const taken = new Set([...event.removed.map(({ index }) => index), ...event.moved.map(({ from }) => from)]);
  const after = list.filter((_, index) => !taken.has(index));
  const put = [
    ...event.inserted,
    ...event.moved.flatMap(({ from, to }) => list.slice(from, from + 1).map((node) => ({ index: to, node }))),
  ];
  for (const { index, node } of put.sort((a, b) => a.index - b.index)) after.splice(index, 0, node);
  return after;
}
