import fc from 'fast-check';
import { expect, test } from 'vitest';
import { useSeed } from '../runtime/testing/seed.ts';
import { scanSubmitJson } from './scan-submit-json.ts';

useSeed();

const scan = (text: string): ReturnType<typeof scanSubmitJson> => scanSubmitJson(Buffer.from(text));

interface Told {
  readonly priority?: number;
}

/** The same of what was parsed. */
function parsed(value: Told & { readonly tasks?: readonly Told[] }): unknown {
  const { tasks = [value] } = value;
  return { priority: Math.max(...tasks.map((one) => one.priority ?? 4)), tasks: tasks.length };
}

const payload = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>({ priority: 9 }, '"priority":9', '\\"', '\\', [{ tasks: [] }], '}],'),
);
const task = fc.record(
  { type: fc.string(), payload, priority: fc.integer({ min: 0, max: 9 }), metadata: payload },
  { requiredKeys: ['type'] },
);
const space = fc.constantFrom(undefined, 1, '\t');

test('finds priority and number of tasks of whatever JSON says, whatever its payloads look like', () => {
  const one = fc.oneof(task, fc.record({ tasks: fc.array(task, { minLength: 1 }) }));
  fc.assert(
    fc.property(one, space, (value, indent) => {
      expect(scan(JSON.stringify(value, null, indent))).toEqual(parsed(value));
    }),
  );
});

test('never throws, and never says anything of a text that was cut off', () => {
  fc.assert(
    fc.property(fc.array(task, { minLength: 1 }), fc.nat(), (tasks, at) => {
      const text = JSON.stringify({ tasks });
      expect(scan(text.slice(0, at % text.length))).toBeNull();
    }),
  );
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void scanSubmitJson(Buffer.from(bytes))));
});

test.each([
  ['no body', ''],
  ['no object', '[{"priority":1}]'],
  ['no tasks', '{"tasks":[]}'],
  ['tasks that are none', '{"tasks":[1]}'],
  ['a list of tasks given twice', '{"tasks":[{"type":"a"}],"tasks":[{"type":"a","priority":9}]}'],
  ['a name with an escape', '{"\\u0070riority":9}'],
  ['a priority that is none', '{"priority":10}'],
  ['a priority that is a text', '{"priority":"1"}'],
  ['something behind its end', '{"priority":1}}'],
])('says nothing of %s', (_, text) => {
  expect(scan(text)).toBeNull();
});

test('takes the last of two priorities, as a parser does', () => {
  expect(scan('{"priority":1,"priority":8}')).toEqual({ priority: 8, tasks: 1 });
});
