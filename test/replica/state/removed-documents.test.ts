import { describe, expect, it } from 'vitest';
import { limits } from '../../../limits.ts';
import { RemovedDocuments } from '../../../replica/state/removed-documents.ts';

const at = (milliseconds: number) => milliseconds * 1024;

describe('P28: removed documents', () => {
  it('are kept for 30 days after their removal, by the newest time in the log', () => {
    const removed = new RemovedDocuments();
    const vw = { collection: 'cars', id: 'vw', position: 3, time: at(1_000) };
    removed.add(vw);

    removed.sees(at(1_000 + limits.removedMilliseconds));
    expect(removed.get('cars', 'vw')).toEqual(vw);
    removed.sees(at(1_001 + limits.removedMilliseconds));
    expect(removed.get('cars', 'vw')).toBeUndefined();
    expect(limits.removedMilliseconds).toBe(30 * 24 * 60 * 60 * 1_000);
  });

  it('leave memory when more are removed later', () => {
    const removed = new RemovedDocuments();
    removed.add({ collection: 'cars', id: 'vw', position: 3, time: at(1_000) });
    removed.add({ collection: 'cars', id: 'bmw', position: 4, time: at(2_000) });
    removed.sees(at(1_500 + limits.removedMilliseconds));

    removed.add({ collection: 'cars', id: 'opel', position: 5, time: at(1_500 + limits.removedMilliseconds) });

    expect([...removed.keys()]).toEqual([
      ['cars', 'bmw'],
      ['cars', 'opel'],
    ]);
  });

  it('that are there again are removed no more', () => {
    const removed = new RemovedDocuments();
    removed.add({ collection: 'cars', id: 'vw', position: 3, time: at(1_000) });
    removed.delete('cars', 'vw');
    expect(removed.get('cars', 'vw')).toBeUndefined();
  });
});
