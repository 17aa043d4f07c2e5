import { expect, test } from 'vitest';
import { enrollmentOf } from './enrollment.ts';

const agents = (count: number): { id: string; capabilities: string[]; slots: number }[] =>
  Array.from({ length: count }, (_, n) => ({
    id: `a${n}`,
    capabilities: ['work'],
    slots: n % 3 === 0 ? 2 : 1,
  }));

test('a few agents are all in the hello, as every server takes them', () => {
  expect(enrollmentOf(agents(100))).toEqual({ hello: agents(100), frames: [] });
});

test('thousands come after it in columns, with what they share once, and keep their order', () => {
  const all = agents(25_000);
  const { frames, hello } = enrollmentOf(all);
  expect(hello).toEqual(all.slice(0, 100));
  expect(frames.map(([name, sequence]) => [name, sequence])).toEqual([
    ['enroll', 1],
    ['enroll', 2],
    ['enroll', 3],
  ]);
  const enrolled = frames.flatMap(([, , specs, ids, specOf]) =>
    (ids as string[]).map((id, i) => ({
      id,
      ...(specs as object[])[(specOf as number[] | null)?.[i] ?? 0],
    })),
  );
  expect([...hello, ...enrolled]).toEqual(all);
  expect(frames.map(([, , specs]) => (specs as object[]).length)).toEqual([2, 2, 2]);
  const alike = agents(200).map((agent) => ({ ...agent, slots: 1 }));
  expect(enrollmentOf(alike).frames[0]?.[4]).toBeNull();
});
