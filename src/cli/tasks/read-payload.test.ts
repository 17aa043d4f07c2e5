import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { readPayload } from './read-payload.ts';

const NOTHING = Readable.from([]);

test.each(['{"a":[1,null]}', '"text"', '3', 'null', 'true', '[]'])(
  '%s is its JSON value',
  async (text) => {
    expect(await readPayload(text, NOTHING)).toEqual(JSON.parse(text));
  },
);

test('- reads standard input', async () => {
  expect(await readPayload('-', Readable.from(['{"a"', ':1}']))).toEqual({ a: 1 });
});

test('@ reads a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'uqo-payload-'));
  const file = join(folder, 'p.json');
  writeFileSync(file, '{"a":2}');
  expect(await readPayload(`@${file}`, NOTHING)).toEqual({ a: 2 });
  rmSync(folder, { recursive: true });
});

test.each(['{bad', '', 'hello', "{'a':1}"])('%j is refused as no JSON', async (text) => {
  const refused = expect.objectContaining({ code: 'PAYLOAD_INVALID' });
  await expect(readPayload(text, NOTHING)).rejects.toThrowError(refused);
});

test('a file that is not there is refused by name', async () => {
  await expect(readPayload('@/no/such.json', NOTHING)).rejects.toThrow('/no/such.json');
});

test('what is wrong is called what it is', async () => {
  await expect(readPayload('yes', NOTHING, 'answer')).rejects.toMatchObject({
    code: 'ANSWER_INVALID',
    message: expect.stringMatching(/^the answer must be JSON, got "yes"/) as string,
  });
  await expect(readPayload('@/no/such.json', NOTHING, 'flow')).rejects.toMatchObject({
    code: 'FLOW_INVALID',
    message: expect.stringMatching(/^the file of the flow must be readable/) as string,
  });
});
