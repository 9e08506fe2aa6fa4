import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startProxy } from './proxy.ts';
import { eventually } from './wait.ts';

describe('the network of tests', () => {
  it('passes bytes on in the order in which they came, also those that came after a delay ended', async () => {
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const address = echo.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    await using proxy = await startProxy(address);
    const client = connect(proxy.port, '127.0.0.1').setNoDelay();
    let received = '';
    client.on('data', (bytes) => {
      received += String(bytes);
    });
    const say = (text: string) => client.write(text);
    say('0');
    await eventually('it is connected', () => received === '0');
    proxy.delay(100);
    say('1');
    // It has to be on its way before the delay ends.
    await eventually('it is held', () => proxy.held > 0);
    proxy.heal();
    say('2');
    await eventually('all came back', () => received.length === 3);
    expect(received).toBe('012');
    client.destroy();
    echo.close();
  });
});
