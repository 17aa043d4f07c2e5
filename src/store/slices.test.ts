import { expect, test } from 'vitest';
import { Slices } from './slices.ts';

test('a rest is as long as a slice, and another turn takes no time', async () => {
  const rests: number[] = [];
  const slices = new Slices(7, (ms) => {
    rests.push(ms);
    return Promise.resolve();
  });
  await slices.rest();
  await slices.next();
  expect(rests).toEqual([7]);
});
