import { describe, expect, it } from 'vitest';
import { SharedBytes, type SocketBuffer, SocketBuffers } from '../../../server/traffic/socket-buffers.ts';
import { silentLogger } from '../../servers/silent-logger.ts';

/** A connection that takes nothing but by itself. */
class Stream {
  bufferedBytes = 0;
  wasCutOff = false;
  readonly buffer: SocketBuffer;

  constructor(buffers: SocketBuffers) {
    this.buffer = buffers.open(this, () => {
      this.wasCutOff = true;
    });
  }

  write(bytes: number): void {
    this.bufferedBytes += bytes;
    this.buffer.written();
  }
}

function opened(maximumBytes: number, count: number) {
  const buffers = new SocketBuffers({ maximumBytes, logger: silentLogger });
  const streams = Array.from({ length: count }, () => new Stream(buffers));
  return { buffers, streams, cutOff: () => streams.map(({ wasCutOff }) => wasCutOff) };
}

describe('L43: what all connections are owed', () => {
  it('is cut at those that cost most, until there is room', () => {
    const { buffers, streams, cutOff } = opened(800, 4);
    for (const [index, bytes] of [100, 300, 200, 150].entries()) streams[index]?.write(bytes);
    expect(cutOff()).toEqual([false, false, false, false]);
    streams[0]?.write(100);
    expect(cutOff()).toEqual([false, true, false, false]);
    expect(buffers.bytes).toBe(550);
  });

  it('is measured again before any is cut off', () => {
    const { buffers, streams, cutOff } = opened(800, 2);
    const [first, second] = streams;
    first?.write(700);
    if (first !== undefined) first.bufferedBytes = 10;
    second?.write(200);
    expect(cutOff()).toEqual([false, false]);
    expect(buffers.bytes).toBe(210);
  });

  it('counts bytes that many hold once, while one of them holds them', () => {
    const { buffers, streams, cutOff } = opened(800, 100);
    const shared = new SharedBytes(500);
    const taken = streams.map((stream) => {
      const release = stream.buffer.share(shared);
      stream.write(501);
      return release;
    });
    expect(buffers.bytes).toBe(600);
    const own = new Stream(buffers);
    own.write(250);
    expect(own.wasCutOff).toBe(true);
    expect(cutOff()).not.toContain(true);
    for (const [index, stream] of streams.entries()) {
      stream.bufferedBytes = 0;
      taken[index]?.();
      taken[index]?.();
      stream.buffer.written();
    }
    expect(buffers.bytes).toBe(0);
  });

  it('is nothing any more of a connection that is over, and of one that was cut off', () => {
    const { buffers, streams } = opened(800, 2);
    const [first, second] = streams;
    const taken = first?.buffer.share(new SharedBytes(100));
    first?.write(300);
    first?.buffer.close();
    first?.buffer.close();
    taken?.();
    first?.write(100);
    expect(buffers.bytes).toBe(0);
    second?.write(900);
    expect(second?.wasCutOff).toBe(true);
    second?.write(900);
    expect(buffers.bytes).toBe(0);
  });
});
