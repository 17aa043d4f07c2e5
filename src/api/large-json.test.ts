import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLargeJson } from './large-json.ts';
import { readJsonBody } from './json-body.ts';

const SEED = process.env['SEED'];

/** A clock by which every look is one too late: each slice ends at once. */
let ms = 0;
const clock = { monotonicMs: (): number => (ms += 100) };

const large = (text: string, sliceLength?: number): Promise<object | null> =>
  readLargeJson(text, clock, sliceLength);
const filler = (length: number): string => 'x'.repeat(length);

async function outcome(read: () => unknown): Promise<unknown> {
  try {
    return await read();
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

describe('a long list of tasks', () => {
  test('is read as if it were read at once', async () => {
    const tasks = Array.from({ length: 5_000 }, (_, i) => ({
      type: 't',
      payload: { i, note: `quote " brace } ] , \\ ${filler(60)}`, nested: [[i], {}] },
    }));
    const text = JSON.stringify({ name: 'n, [] {} "tasks": [', tasks, budget: { tokens: 5 } });
    expect(text.length).toBeGreaterThan(500_000);
    expect(await large(text)).toEqual(JSON.parse(text));
  });

  const bad: Readonly<Record<string, string>> = {
    'with a comma at its end': `{"tasks":[${`"${filler(200_000)}",`.repeat(2)}]}`,
    'with two commas': `{"tasks":["${filler(200_000)}",,"b"]}`,
    'that is cut off': `{"tasks":["${filler(200_000)}","b"`,
    'that is closed by a brace': `{"tasks":["${filler(200_000)}","b"}}`,
    'with something after it': `{"tasks":["${filler(200_000)}","b"]} 5`,
    'with a task that has __proto__': `{"tasks":[1,{"__proto__":{}},"${filler(200_000)}"]}`,
    'with a task that is too deep': `{"tasks":[${'['.repeat(63)}${']'.repeat(63)},"${filler(200_000)}"]}`,
  };
  test.each(Object.keys(bad))('%s is refused', async (name) => {
    const text = bad[name] as string;
    const atOnce = await outcome(() => readJsonBody(Buffer.from(text)));
    const inSlices = await outcome(
      async () => (await large(text)) ?? readJsonBody(Buffer.from(text)),
    );
    expect([atOnce, inSlices]).toEqual(['INVALID_REQUEST', 'INVALID_REQUEST']);
  });

  test('says which task is too deep', async () => {
    const text = `{"tasks":[1,{"a":${'['.repeat(62)}${']'.repeat(62)}}]}`;
    await expect(large(text)).rejects.toMatchObject({
      details: { path: expect.stringMatching(/^\/tasks\/1\/a\/0/) },
    });
    expect(await large(text.replace('[[', '[').replace(']]', ']'))).not.toBeNull();
  });

  test('that is not alone of its name, or not at the top, is left to who reads at once', async () => {
    expect(await large('{"tasks":[1],"tasks":[2]}')).toBeNull();
    expect(await large('{"other":{"tasks":[1]}}')).toBeNull();
    expect(await large('[{"tasks":[1]}]')).toBeNull();
  });
});

test('whatever the text, it is read or refused as at once', async () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '"tasks"',
    '"tasks":[',
    '1',
    'null',
    ' ',
    '{}',
    '"a"',
  );
  const broken = fc.array(piece, { maxLength: 12 }).map((pieces) => `{"tasks":[${pieces.join('')}`);
  const sound = fc
    .record({ tasks: fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 6 }), name: fc.string() })
    .map((value) => JSON.stringify(value));
  await fc.assert(
    fc.asyncProperty(fc.oneof(broken, sound), async (text) => {
      const atOnce = await outcome(() => readJsonBody(Buffer.from(text)));
      const inSlices = await outcome(
        async () => (await large(text, 1)) ?? readJsonBody(Buffer.from(text)),
      );
      expect(inSlices).toEqual(atOnce);
    }),
    { numRuns: 2_000, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
});
