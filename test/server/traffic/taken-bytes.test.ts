import { once } from 'node:events';
import { connect, createServer, Socket } from 'node:net';
import { expect, it } from 'vitest';
import { takenBytes } from '../../../server/traffic/taken-bytes.ts';

it('the bytes that were taken of one large chunk move while its reader reads, and stand still while it does not', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const reader = connect(port, '127.0.0.1');
  const [writer]: unknown[] = await once(server, 'connection');
  if (!(writer instanceof Socket)) throw new Error('no connection');
  reader.pause();

  const size = 64 * 1024 * 1024;
  writer.write(Buffer.alloc(size));
  const before = takenBytes(writer);
  expect(before).toBeLessThan(size);
  expect(writer.writableLength).toBe(size);

  reader.resume();
  await expect.poll(() => takenBytes(writer)).toBeGreaterThan(before);
  await expect.poll(() => takenBytes(writer), { timeout: 10_000 }).toBe(size);
  expect(writer.writableLength).toBe(0);
  reader.destroy();
  writer.destroy();
  server.close();
});
