import { describe, expect, it } from 'vitest';
import { limits } from '../../../limits.ts';
import { SignsOfLife } from '../../../server/websocket/signs-of-life.ts';

const { signOfLifeMilliseconds: between, systemBufferBytes, slowestBytesPerSecond } = limits;

/** A client as its server sees it, which looks every so often. */
function seen() {
  const line = { receivedBytes: 0, takenBytes: 0, unsentBytes: 0 };
  let now = 0;
  const signs = new SignsOfLife(line, () => now);
  const look = () => {
    now += between;
    return signs.look();
  };
  return { line, look };
}

describe('L44: the client of a WebSocket', () => {
  it('that answers is asked again each time', () => {
    const { line, look } = seen();
    for (let times = 0; times < 10; times += 1) {
      expect(look()).toBe('ask');
      line.receivedBytes += 6;
    }
  });

  it('that gives no sign is left at the next look', () => {
    const { look } = seen();
    expect([look(), look()]).toEqual(['ask', 'leave']);
  });

  it('that sends anything, such as a large message without an end, is there', () => {
    const { line, look } = seen();
    for (let times = 0; times < 10; times += 1) {
      line.receivedBytes += 1;
      expect(look()).toBe('ask');
    }
  });

  it('that is owed something is not asked: the ping would wait behind it', () => {
    const { line, look } = seen();
    expect(look()).toBe('ask');
    line.unsentBytes = 30_000_000;
    for (let times = 0; times < 10; times += 1) expect(look()).toBe('wait');
    line.unsentBytes = 0;
    expect(look()).toBe('ask');
  });

  it('may take as long to answer as a slow line takes for what operating systems hold before the ping', () => {
    const { line, look } = seen();
    line.takenBytes = 100 * systemBufferBytes;
    expect(look()).toBe('ask');
    const looks = Math.floor(((systemBufferBytes / slowestBytesPerSecond) * 1_000) / between);
    for (let times = 0; times < looks; times += 1) expect(look()).toBe('wait');
    expect([look(), look()]).toContain('leave');
  });
});
