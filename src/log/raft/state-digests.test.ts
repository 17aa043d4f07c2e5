import { expect, test } from 'vitest';
import { decodeDigest, encodeDigest, StateDigests } from './state-digests.ts';

const VOTERS = ['a', 'b', 'c'];
const same = Buffer.from('same');
const odd = Buffer.from('odd');

test('two nodes that differ decide nothing until a third takes a side', () => {
  const digests = new StateDigests('a');
  expect(digests.take('a', 5, odd, VOTERS)).toEqual({ kind: 'undecided' });
  expect(digests.take('b', 5, same, VOTERS)).toEqual({ kind: 'undecided' });
  expect(digests.take('c', 5, same, VOTERS)).toEqual({ kind: 'selfOdd', index: 5 });
});

test('a node of the majority hears who is odd, also when that one does not vote', () => {
  const digests = new StateDigests('a');
  digests.take('a', 5, same, VOTERS);
  expect(digests.take('b', 5, same, VOTERS)).toEqual({ kind: 'agreed' });
  expect(digests.take('learner', 5, odd, VOTERS)).toMatchObject({ odd: ['learner'] });
});

test('digests of different indexes are never compared, and old ones are forgotten', () => {
  const digests = new StateDigests('a');
  for (let index = 1; index <= 70; index += 1) digests.take('b', index, same, VOTERS);
  digests.take('c', 1, same, VOTERS);
  expect(digests.take('a', 1, odd, VOTERS)).toEqual({ kind: 'undecided' });
  digests.take('c', 70, same, VOTERS);
  expect(digests.take('a', 70, odd, VOTERS)).toEqual({ kind: 'selfOdd', index: 70 });
});

test('a digest on the wire is read back, and what is none is not', () => {
  expect(decodeDigest(encodeDigest(12, same))).toEqual({ index: 12, digest: same });
  expect(decodeDigest(Buffer.alloc(8))).toBeNull();
  expect(decodeDigest(Buffer.alloc(80))).toBeNull();
  expect(decodeDigest(Buffer.alloc(16, 0xff))).toBeNull();
});
