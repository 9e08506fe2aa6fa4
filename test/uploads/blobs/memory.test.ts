import { describeBlobStore } from './contract.ts';
import { MemoryBlobs } from './memory.ts';

describeBlobStore('memory, which other tests use,', async () => {
  const blobs = new MemoryBlobs();
  return { blobs, reopen: async () => blobs, [Symbol.asyncDispose]: async () => {} };
});
