/** Lists of 100 documents of many, by index and without. */

const documentsAtOnce = 2_000;
const repetitions = 40;

const lists: readonly (readonly [name: string, query: string])[] = [
  [
    'by index: a range, in its order',
    'items(where: { rank: { gte: 5000 } }, orderBy: [{ rank: ASC }], first: 100) { nodes { _id rank } }',
  ],
  ['by index: its order, from the end', 'items(orderBy: [{ rank: DESC }], first: 100) { nodes { _id rank } }'],
  ['by index: one value', 'items(where: { rank: { eq: 4321 } }, first: 100) { nodes { _id rank } }'],
  [
    'by index: how many match, and a page',
    'items(where: { rank: { gte: 5000 } }, orderBy: [{ rank: ASC }], first: 100) { totalCount nodes { _id } }',
  ],
  [
    'without an index: a range, in order',
    'items(where: { plainRank: { gte: 5000 } }, orderBy: [{ plainRank: ASC }], first: 100) { nodes { _id plainRank } }',
  ],
];

/** @returns by list, milliseconds of a request: the median; and of a page that a cursor of the middle leads to */
export async function measureLists(port: number, documents: number): Promise<readonly (readonly [string, number])[]> {
  for (let from = 0; from < documents; from += documentsAtOnce) {
    const all = Array.from({ length: Math.min(documentsAtOnce, documents - from) }, (_, index) => itemAt(from + index));
    const query =
      'mutation ($all: [JSON!]!) { upsertMany(collection: "items", documents: $all) { documents { _id } } }';
    await ask(port, query, { all });
  }
  const measured: (readonly [string, number])[] = [];
  for (const [name, list] of lists) measured.push([name, await time(port, `{ ${list} }`)]);
  const middle = Math.floor(documents / 2);
  const cursorQuery = `{ items(where: { rank: { gte: ${middle} } }, orderBy: [{ rank: ASC }], first: 1) { pageInfo { endCursor } } }`;
  const [, cursor = ''] = /"endCursor":"([^"]+)"/.exec(await ask(port, cursorQuery)) ?? [];
  const paged = `{ items(orderBy: [{ rank: ASC }], first: 100, after: "${cursor}") { pageInfo { hasNextPage hasPreviousPage } nodes { _id } } }`;
  measured.push(['by index: a page from the middle, by cursor', await time(port, paged)]);
  return measured;
}

/** Ranks come in scattered order. */
function itemAt(index: number): object {
  const rank = (index * 7919) % 1_000_003;
  return {
    _id: `item-${index}`,
    rank,
    plainRank: rank,
    name: `item ${index}`,
    city: ['Oslo', 'Bergen', 'Tromsø', 'Bodø'][index % 4],
    active: index % 3 === 0,
    note: 'some words about it',
  };
}

async function time(port: number, query: string): Promise<number> {
  await ask(port, query);
  const milliseconds: number[] = [];
  const until = performance.now() + 10_000;
  while (milliseconds.length < repetitions && performance.now() < until) {
    const begun = performance.now();
    await ask(port, query);
    milliseconds.push(performance.now() - begun);
  }
  return milliseconds.sort((a, b) => a - b)[Math.floor(milliseconds.length / 2)] ?? Number.NaN;
}

async function ask(port: number, query: string, variables: object = {}): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  if (text.includes('"errors"')) throw new Error(text.slice(0, 1_000));
  return text;
}
