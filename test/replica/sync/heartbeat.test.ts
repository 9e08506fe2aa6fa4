import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedBytesError, UnknownFormatError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import { decodeHeartbeat, encodeHeartbeat, type Heartbeat } from '../../../replica/sync/heartbeat.ts';

const whole: Heartbeat = {
  origin: 'a.b-c_d.abcdefg2',
  head: { log: 'one', position: 3, mark: 'f'.repeat(40) },
  closedLogs: 2,
  mayHeal: true,
  keptFrom: 1,
  unsent: 4,
  missingGeneration: '0123456789abcdef'.repeat(2),
  reads: [1, 2],
  leaving: false,
};

const bytesOf = (fields: object): Uint8Array => Buffer.from(JSON.stringify(fields));
const fieldsOf = (heartbeat: Heartbeat): Record<string, unknown> =>
  JSON.parse(Buffer.from(encodeHeartbeat(heartbeat)).toString());

describe('a heartbeat', () => {
  it('comes back as it was sent', () => {
    const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
    const hex = (length: number) =>
      fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
    const heartbeat = fc.record<Heartbeat>({
      origin: fc.stringMatching(/^[A-Za-z0-9._-]{1,64}\.[a-z0-9]{8}$/),
      head: fc.option(fc.record({ log: hex(32), position: count, mark: hex(40) }), { nil: undefined }),
      closedLogs: count,
      mayHeal: fc.boolean(),
      keptFrom: count,
      unsent: count,
      missingGeneration: fc.option(hex(32), { nil: undefined }),
      reads: fc.tuple(fc.nat(3), fc.integer({ min: 3, max: 9 })),
      leaving: fc.boolean(),
    });
    fc.assert(
      fc.property(heartbeat, (sent) => {
        expect(decodeHeartbeat(encodeHeartbeat(sent))).toEqual(sent);
      }),
    );
  });

  it('may know no log, and lack no snapshot', () => {
    const sent = { ...whole, head: undefined, missingGeneration: undefined };
    expect(decodeHeartbeat(encodeHeartbeat(sent))).toEqual(sent);
  });

  const wrong: readonly (readonly [field: string, values: readonly unknown[]])[] = [
    ['format', [undefined, 0, '1', null]],
    [
      'origin',
      [undefined, 7, '', 'a', 'a.short', 'a.ABCDEFGH', 'a b.abcdefgh', `${'a'.repeat(65)}.abcdefgh`, 'a.abcdefghi'],
    ],
    ['head', [null, 7, [], 'one', {}, { log: 1, position: 1, mark: '' }, { log: '', position: -1, mark: '' }]],
    [
      'head',
      [
        { log: '', position: 1.5, mark: '' },
        { log: '', position: 1 },
      ],
    ],
    ['closedLogs', [undefined, -1, 1.5, '1', null, 2 ** 53]],
    ['mayHeal', [undefined, 0, 'true', null]],
    ['keptFrom', [undefined, -1, 1.5, '1', null, 2 ** 53]],
    ['unsent', [undefined, -1, 1.5, '1', null, 2 ** 53]],
    ['missingGeneration', [null, 7, '', 'x'.repeat(32), '0'.repeat(31)]],
    ['reads', [null, 1, '1', [], [1], [1, 2, 3], [2, 1], [1, '2'], [-1, 1], { from: 1, to: 2 }]],
    ['leaving', [undefined, 0, 'false', null]],
  ];
  it.each(wrong.flatMap(([field, values]) => values.map((value) => [field, value] as const)))(
    'is malformed with %s: %j',
    (field, value) => {
      const fields = { ...fieldsOf(whole), [field]: value };
      expect(() => decodeHeartbeat(bytesOf(fields))).toThrow(MalformedBytesError);
    },
  );

  it.each(['', '{', '[]', 'null', '7', '"heartbeat"'])('is malformed as %j', (text) => {
    expect(() => decodeHeartbeat(Buffer.from(text))).toThrow(MalformedBytesError);
  });

  it('P83: of a version that does not say what it reads reads the first format of a site', () => {
    const { reads, ...former } = fieldsOf(whole);
    expect([reads, decodeHeartbeat(bytesOf(former)).reads]).toEqual([
      [1, 2],
      [1, 1],
    ]);
  });

  it('of a later format is told apart, whatever else it has', () => {
    expect(() => decodeHeartbeat(bytesOf({ format: 1_000 }))).toThrow(UnknownFormatError);
  });

  it('of more bytes than any has is not parsed', () => {
    const padded = JSON.stringify(fieldsOf(whole)).padEnd(limits.heartbeatBytes + 1);
    expect(() => decodeHeartbeat(Buffer.from(padded))).toThrow(/of \d+ bytes/);
    expect(decodeHeartbeat(Buffer.from(padded.slice(0, -1)))).toEqual(whole);
  });

  it('takes any bytes without another error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((json) => Buffer.from(json)),
        ),
        (bytes) => {
          expect(() => decodeHeartbeat(bytes)).toThrow(MalformedBytesError);
        },
      ),
    );
  });
});
