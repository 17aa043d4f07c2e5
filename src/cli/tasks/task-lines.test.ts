import fc from 'fast-check';
import { expect, test } from 'vitest';
import { taskBatches, type LineBatch } from './task-lines.ts';

const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

async function* linesOf(lines: readonly string[]): AsyncGenerator<string> {
  for (const line of lines) yield await Promise.resolve(line);
}

async function batchesOf(
  lines: readonly string[],
  defaults: Record<string, unknown> = {},
  bounds = { tasksMax: 2, bytesMax: 1000 },
): Promise<LineBatch[]> {
  const batches: LineBatch[] = [];
  for await (const batch of taskBatches(linesOf(lines), defaults, bounds)) batches.push(batch);
  return batches;
}

test('lines are grouped, and each group knows where it stood', async () => {
  const batches = await batchesOf(['{"n":1}', '', '{"n":2}', '{"n":3}']);
  expect(batches).toEqual([
    { tasks: [{ n: 1 }, { n: 2 }], lineFirst: 1, lineLast: 3, bytesRead: 17 },
    { tasks: [{ n: 3 }], lineFirst: 4, lineLast: 4, bytesRead: 25 },
  ]);
});

test('a line’s own fields win over the defaults', async () => {
  const [batch] = await batchesOf(['{"type":"a"}', '{"queue":"q"}'], { type: 'b', queue: 'p' });
  expect(batch?.tasks).toEqual([
    { type: 'a', queue: 'p' },
    { type: 'b', queue: 'q' },
  ]);
});

test('large lines make small groups', async () => {
  const line = JSON.stringify({ payload: 'x'.repeat(90) });
  const batches = await batchesOf([line, line, line], {}, { tasksMax: 100, bytesMax: 250 });
  expect(batches.map(({ tasks }) => tasks.length)).toEqual([2, 1]);
});

test.each([
  ['{bad', 'line 2 must be JSON'],
  ['[1]', 'line 2 must be a task as a JSON object'],
  ['"x"', 'line 2 must be a task as a JSON object'],
  ['null', 'line 2 must be a task as a JSON object'],
])('%s is refused with its line', async (line, message) => {
  await expect(batchesOf(['{}', line])).rejects.toThrow(message);
});

test('no task is lost, doubled or moved, and no group is over its bounds', async () => {
  const line = fc.oneof(
    fc.constant(''),
    fc.record({ n: fc.string() }).map((task) => JSON.stringify(task)),
  );
  const bounds = fc.record({
    tasksMax: fc.integer({ min: 1, max: 5 }),
    bytesMax: fc.integer({ min: 1, max: 80 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 40 }), bounds, async (lines, limits) => {
      const batches = await batchesOf(lines, {}, limits);
      const wanted = lines.filter((text) => text !== '').map((text) => JSON.parse(text) as unknown);
      expect(batches.flatMap(({ tasks }) => tasks)).toEqual(wanted);
      for (const { tasks } of batches) {
        expect(tasks.length).toBeLessThanOrEqual(limits.tasksMax);
        const bytes = tasks.reduce(
          (sum, task) => sum + Buffer.byteLength(JSON.stringify(task)) + 1,
          0,
        );
        expect(tasks.length === 1 || bytes <= limits.bytesMax).toBe(true);
      }
    }),
    seed,
  );
});
