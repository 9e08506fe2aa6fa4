import { expect, it } from 'vitest';
import { rangeOf } from '../../uploads/range.ts';

it.each([
  [undefined, 10, undefined],
  ['bytes=0-3', 10, { start: 0, end: 3 }],
  ['bytes=4-', 10, { start: 4, end: 9 }],
  ['bytes=9-9', 10, { start: 9, end: 9 }],
  ['bytes=3-99', 10, { start: 3, end: 9 }],
  ['bytes=-3', 10, { start: 7, end: 9 }],
  ['bytes=-99', 10, { start: 0, end: 9 }],
  ['Bytes= 0-0 ', 10, { start: 0, end: 0 }],
  ['bytes=10-', 10, 'UNSATISFIABLE'],
  ['bytes=-0', 10, 'UNSATISFIABLE'],
  ['bytes=0-0', 0, 'UNSATISFIABLE'],
  ['bytes=-1', 0, 'UNSATISFIABLE'],
  ['bytes=5-3', 10, undefined],
  ['bytes=-', 10, undefined],
  ['bytes=0-1,3-4', 10, undefined],
  ['items=0-1', 10, undefined],
  ['bytes=a-b', 10, undefined],
  ['bytes=99999999999999999999-', 10, 'UNSATISFIABLE'],
])('reads the range %s of %d bytes', (header, size, range) => {
  expect(rangeOf(header, size)).toEqual(range);
});
