/** Large outputs of tasks, from the circuit to the bytes that a client decodes. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtInAgents, type BuiltInAgent } from '../../src/agents/index.ts';
import { saveArtifacts } from '../../src/cli/tasks/save-artifacts.ts';
import { Client } from '../../src/client/index.ts';
import type { ArtifactView } from '../../src/contract/index.ts';
import { openApi, type ApiFixture } from './api-fixture.ts';

let api: ApiFixture;
let agent: BuiltInAgent;
let client: Client;
let folder: string;

beforeAll(async () => {
  api = await openApi({ openRequests: { download: 2 } });
  folder = await mkdtemp(join(tmpdir(), 'uqo-saved-'));
  agent = builtInAgents({ quantum: { artifacts: api.runtime.artifacts } }).find(
    ({ kind }) => kind === 'quantum',
  )!;
  const { capabilities, id, kind, slots } = agent;
  await api.runtime.serve({ id, kind, capabilities: [...capabilities], slots }, agent.handler);
  client = new Client({ url: api.url });
});

afterAll(async () => {
  await client.close();
  await agent.close?.();
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

const GHZ = 'OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; h q[0]; cx q[0],q[1]; cx q[1],q[2];';

interface Result {
  readonly statevector: {
    readonly artifact: string;
    readonly href: string;
    readonly bytes: number;
  };
}

async function circuit(qasm: string): Promise<{ taskId: string; result: Result }> {
  const payload = { qasm, statevector: 'file', shots: 0 };
  const task = await client.submit({ type: 'quantum.circuit.run', payload });
  return { taskId: task.id, result: (await task.result()) as Result };
}

/** An artifact of text, for a task that waits for ever. */
async function keep(text: string): Promise<ArtifactView & { file: string }> {
  const taskId = await api.runtime.submitTask({ type: 'nobody' });
  const contentType = 'text/plain';
  const begun = { taskId, fencingToken: 1, name: 'text.txt', contentType };
  const draft = await api.runtime.artifacts.begin({ ...begun, bytes: text.length });
  writeFileSync(draft.file, text);
  const view = await draft.keep(createHash('sha256').update(text).digest('hex'));
  return { ...view, file: draft.file.replace(/draft$/, 'data') };
}

const take = (href: string, headers: Record<string, string> = {}, method = 'GET') =>
  api.request(method, href, undefined, { headers });

test('a circuit becomes bytes that decode to its amplitudes', async () => {
  const { result, taskId } = await circuit(GHZ);
  expect(JSON.stringify(result)).not.toContain(tmpdir());
  const [artifact] = await client.artifacts(taskId);
  expect(artifact).toMatchObject({ id: result.statevector.artifact, taskId, bytes: 128 });
  expect(result.statevector.href).toBe(artifact!.href);
  const chunks: Uint8Array[] = [];
  for await (const chunk of await client.artifact(result.statevector.artifact)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(artifact!.sha256);
  const amplitudes = Array.from({ length: 8 }, (_, k) => [
    bytes.readDoubleLE(16 * k),
    bytes.readDoubleLE(16 * k + 8),
  ]);
  for (const [k, [re, im]] of amplitudes.entries()) {
    expect(re).toBeCloseTo(k === 0 || k === 7 ? Math.SQRT1_2 : 0, 12);
    expect(im).toBeCloseTo(0, 12);
  }
});

test('a state of 16 MiB comes whole, in parts, and as a file', async () => {
  const { result, taskId } = await circuit(`${GHZ.replace('qubit[3]', 'qubit[20]')} h q[19];`);
  const { artifact, bytes } = result.statevector;
  expect(bytes).toBe(2 ** 24);
  const whole = await new Response(await client.artifact(artifact)).bytes();
  const tail = await new Response(
    await client.artifact(artifact, { from: 2 ** 24 - 100_001 }),
  ).bytes();
  expect(Buffer.compare(whole.subarray(-100_001), tail)).toBe(0);
  const saved = await saveArtifacts(client.http, await client.artifacts(taskId), folder);
  expect(saved.map(({ file }) => file)).toEqual([join(folder, saved[0]!.name)]);
  expect(Buffer.compare(readFileSync(saved[0]!.file), whole)).toBe(0);
  expect(readdirSync(folder)).toEqual([saved[0]!.name]);
});

describe('GET /api/v1/artifacts/{id}', () => {
  test('tells what it sends', async () => {
    const { href, sha256 } = await keep('0123456789');
    const { headers, status, text } = await take(href);
    expect([status, text]).toEqual([200, '0123456789']);
    expect(headers.get('content-length')).toBe('10');
    expect(headers.get('content-type')).toBe('text/plain');
    expect(headers.get('content-disposition')).toBe('attachment; filename="text.txt"');
    expect(headers.get('etag')).toBe(`"${sha256}"`);
    expect(headers.get('accept-ranges')).toBe('bytes');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    const head = await take(href, {}, 'HEAD');
    expect([head.status, head.text, head.headers.get('content-length')]).toEqual([200, '', '10']);
  });

  test.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=8-', 206, '89', 'bytes 8-9/10'],
    ['bytes=0-1,4-5', 200, '0123456789', null],
    ['lines=1-2', 200, '0123456789', null],
  ])('%s is answered with %i', async (range, status, text, contentRange) => {
    const { href } = await keep('0123456789');
    const answer = await take(href, { range });
    expect([answer.status, answer.text]).toEqual([status, text]);
    expect(answer.headers.get('content-range')).toBe(contentRange);
    expect(answer.headers.get('content-length')).toBe(String(text.length));
  });

  test('a range that is not there is refused with 416 and the size', async () => {
    const { href } = await keep('0123456789');
    const { body, headers, status } = await take(href, { range: 'bytes=10-' });
    expect([status, body.code]).toEqual([416, 'ARTIFACT_RANGE']);
    expect(headers.get('content-range')).toBe('bytes */10');
    expect(headers.get('content-type')).toContain('application/problem+json');
  });

  test('a known version is answered with 304, a range of another with all of it', async () => {
    const { href, sha256 } = await keep('0123456789');
    const known = await take(href, { 'if-none-match': `W/"x", "${sha256}"` });
    expect([known.status, known.text, known.headers.get('etag')]).toEqual([304, '', `"${sha256}"`]);
    const range = 'bytes=1-2';
    const same = await take(href, { range, 'if-range': `"${sha256}"` });
    const other = await take(href, { range, 'if-range': '"other"' });
    expect([same.text, other.text]).toEqual(['12', '0123456789']);
  });

  test('an empty artifact is an empty answer', async () => {
    const { href } = await keep('');
    const { headers, status, text } = await take(href);
    expect([status, text, headers.get('content-length')]).toEqual([200, '', '0']);
  });

  test('a file that became a link is refused without its bytes', async () => {
    const { file, href } = await keep('abc');
    const secret = join(folder, 'secret');
    writeFileSync(secret, 'key');
    rmSync(file);
    symlinkSync(secret, file);
    const { body, status, text } = await take(href);
    expect([status, body.code]).toEqual([500, 'ARTIFACT_UNREADABLE']);
    expect(text).not.toContain('key');
  });

  test('as many readers as are allowed, and the next once one has left', async () => {
    const { href } = await keep('x'.repeat(40 * 2 ** 20));
    const controllers = [new AbortController(), new AbortController()];
    const readers = await Promise.all(
      controllers.map(({ signal }) => fetch(api.url + href, { signal })),
    );
    expect(readers.map(({ status }) => status)).toEqual([200, 200]);
    const refused = await take(href, { range: 'bytes=0-0' });
    expect([refused.status, refused.body.code]).toEqual([503, 'STREAM_LIMIT']);
    controllers[0]!.abort();
    let answer = refused;
    while (answer.status === 503) answer = await take(href, { range: 'bytes=0-0' });
    expect([answer.status, answer.text]).toEqual([206, 'x']);
    controllers[1]!.abort();
  });
});

test('a saved artifact whose name would lead elsewhere, or whose bytes differ, is refused', async () => {
  const view = await keep('abc');
  for (const fake of [{ name: '../escaped' }, { sha256: '0'.repeat(64) }]) {
    const target = join(folder, 'fake');
    await expect(saveArtifacts(client.http, [{ ...view, ...fake }], target)).rejects.toMatchObject({
      code: 'ARTIFACT_DAMAGED',
    });
    expect(readdirSync(target)).toEqual([]);
  }
});
