import { describe, expect, it } from 'vitest';
import { Standing } from '../../../replica/readers/standing.ts';
import { decodeToken, type Token } from '../../../replica/token.ts';
import { Inside, TestSite, write } from '../sync/inside.ts';

const other = 'b.bbbbbbbb';

/** A replica with two entries, of three transactions. */
async function standing() {
  const site = new TestSite();
  const inside = new Inside(site).open();
  site.append(write(other, 1));
  site.append(write(other, 2), write(other, 3));
  await inside.follower.catchUp();
  const link = { isInLog: true };
  const own = decodeToken(inside.state.token, 'token');
  return { site, inside, link, standing: new Standing(inside.state, link), own };
}

describe('a token', () => {
  it('of what is here is reached', async () => {
    const { standing: here, own } = await standing();
    expect([here.knows(own), here.shows(own), here.isReached(own)]).toEqual([true, true, true]);
  });

  it('of a later position is not here yet', async () => {
    const { standing: here, own } = await standing();
    expect(here.shows({ ...own, position: 4 })).toBe(false);
  });

  it('of an earlier position is here, by its mark, and within an entry by the mark of that', async () => {
    const { site, standing: here, own } = await standing();
    const marks = site.published.map(({ mark }) => mark.slice(0, own.mark.length));
    expect(here.shows({ ...own, position: 1, mark: marks[0] ?? '' })).toBe(true);
    expect(here.shows({ ...own, position: 2, mark: marks[1] ?? '' })).toBe(true);
    expect(() => here.shows({ ...own, position: 2, mark: marks[0] ?? '' })).toThrow(/TOKEN|history/i);
  });

  it('of position 0 is here, unless its mark is another log’s', async () => {
    const { site, standing: here, own } = await standing();
    const before = site.published[0]?.before.slice(0, own.mark.length) ?? '';
    expect(here.shows({ ...own, position: 0, mark: before })).toBe(true);
    expect(() => here.shows({ ...own, position: 0 })).toThrow();
  });

  it.each<[string, (token: Token) => Token]>([
    ['of another mark', (token) => ({ ...token, mark: 'f'.repeat(token.mark.length) })],
    ['of a log that is not known', (token) => ({ ...token, log: 'f'.repeat(32) })],
  ])('%s is of another history', async (_, change) => {
    const { standing: here, own } = await standing();
    expect(() => here.shows(change(own))).toThrow(expect.objectContaining({ code: 'TOKEN_UNREACHABLE' }));
    expect(here.isReached(change(own))).toBe(false);
  });

  it('of a log that is not known is told apart without an error', async () => {
    const { standing: here, own } = await standing();
    expect(here.knows({ ...own, log: 'f'.repeat(32) })).toBe(false);
  });

  it('is not here where its position is forgotten and the replica does not stand in the log', async () => {
    const { inside, link, standing: here, own } = await standing();
    Object.assign(inside.state.prefix.marks, { at: () => undefined });
    expect(here.shows({ ...own, position: 1 })).toBe(true);
    link.isInLog = false;
    expect(here.shows({ ...own, position: 1 })).toBe(false);
  });

  it('with journaled numbers is here once they are in the log, or shown', async () => {
    const { inside, standing: here, own } = await standing();
    const wanted = { ...own, journaled: new Map([['a.aaaaaaaa', 2]]) };
    expect(here.shows(wanted)).toBe(false);
    inside.state.journal(write('a.aaaaaaaa', 1), false);
    expect(here.shows(wanted)).toBe(false);
    inside.state.journal(write('a.aaaaaaaa', 2), false);
    expect(here.shows(wanted)).toBe(true);
    expect(here.shows({ ...own, journaled: new Map([[other, 3]]) })).toBe(true);
    expect(here.shows({ ...own, journaled: new Map([[other, 4]]) })).toBe(false);
  });
});

describe('between the transactions of one entry', () => {
  it('a token of the first is here, and one of the second is not', async () => {
    const site = new TestSite();
    const inside = new Inside(site).open();
    const here = new Standing(inside.state, { isInLog: true });
    const seen: unknown[] = [];
    inside.state.watch({
      changed: () => {
        const { position } = decodeToken(inside.state.token, 'token');
        const token = decodeToken(inside.state.token, 'token');
        seen.push([position, here.shows(token), here.shows({ ...token, position: position + 1 })]);
      },
    });
    site.append(write(other, 1), write(other, 2));
    await inside.follower.catchUp();
    expect(seen).toEqual([
      [1, true, false],
      [2, true, false],
    ]);
  });
});
