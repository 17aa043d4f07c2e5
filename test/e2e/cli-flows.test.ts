/** Flows, kills and negated queries on the command line, against a real server. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchServer } from './scratch-server.ts';

const scratch = scratchServer();
const { answer, uqo } = scratch;

interface Flow {
  readonly id: string;
  readonly tasks: readonly { readonly id: string; readonly ref?: string }[];
}

function write(name: string, flow: object): string {
  const file = join(scratch.folder, name);
  writeFileSync(file, JSON.stringify(flow));
  return file;
}

const ANALYZE = { type: 'data.analyze', payload: { csv: 'a\n1\n' } };

test('submits a flow, draws it, lists it and waits for its end', async () => {
  const tasks = [
    { ...ANALYZE, ref: 'first' },
    { ...ANALYZE, ref: 'second', dependsOn: ['first'] },
  ];
  const file = write('flow.json', { name: 'nightly', tasks });
  const flow = await answer<Flow>('flow', 'submit', file);
  expect(flow.tasks.map(({ ref }) => ref)).toEqual(['first', 'second']);
  await answer('task', 'wait', flow.tasks[1]?.id ?? '');
  expect(await answer('flow', 'get', flow.id)).toMatchObject({
    name: 'nightly',
    isOver: true,
    counts: { completed: 2 },
  });
  const drawn = await uqo('flow', 'get', flow.id, '--graph');
  expect(drawn.stdout).toMatch(/first[\s\S]*second/);
  const listed = await answer<{ items: { id: string }[] }>('flow', 'list');
  expect(listed.items.map(({ id }) => id)).toContain(flow.id);
  const found = await answer<{ items: { id: string }[] }>('task', 'list', `flow:${flow.id}`);
  expect(found.items).toHaveLength(2);
});

test('refuses a flow with a circle, and cancels one that waits', async () => {
  const circle = [
    { type: 'x', ref: 'a', dependsOn: ['b'] },
    { type: 'x', ref: 'b', dependsOn: ['a'] },
  ];
  const refused = await uqo('flow', 'submit', write('circle.json', { tasks: circle }));
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain('b → a → b');
  const waiting = write('waiting.json', { tasks: [{ type: 'nobody.can' }] });
  const flow = await answer<Flow>('flow', 'submit', waiting);
  expect((await uqo('flow', 'cancel', flow.id, '--reason', 'enough')).exitCode).toBe(0);
  expect(await answer('flow', 'get', flow.id)).toMatchObject({ counts: { canceled: 1 } });
  expect((await uqo('flow', 'cancel', '01999999-0000-7000-8000-000000000000')).exitCode).toBe(4);
});

test('kills a namespace and an agent, says so, and lets them go on', async () => {
  expect(
    (await uqo('kill', 'namespace', 'blue', '--reason', 'runaway', '--by', 'ann')).exitCode,
  ).toBe(0);
  const submit = ['task', 'submit', 'data.analyze', '--payload', '{"csv":"a\\n1\\n"}'];
  const refused = await uqo(...submit, '--namespace', 'blue');
  expect([refused.exitCode === 0, refused.stderr]).toEqual([
    false,
    expect.stringContaining('runaway'),
  ]);
  expect((await uqo('kill', 'list')).stdout).toMatch(/blue[\s\S]*runaway/);
  expect((await uqo('kill', 'restore', 'namespace', 'blue')).exitCode).toBe(0);
  expect((await uqo(...submit, '--namespace', 'blue')).exitCode).toBe(0);
  expect((await uqo('kill', 'restore', 'namespace', 'blue')).exitCode).not.toBe(0);
  const agents = await answer<{ items: { id: string }[] }>('agent', 'list');
  const agent = agents.items[0]?.id ?? '';
  expect((await uqo('kill', 'agent', agent, '--reason', 'broken')).exitCode).toBe(0);
  expect(await answer('agent', 'get', agent)).toMatchObject({ state: 'killed' });
  expect((await uqo('kill', 'restore', 'agent', agent)).exitCode).toBe(0);
  expect(await answer('agent', 'get', agent)).not.toMatchObject({ state: 'killed' });
});

test.each([
  [['-state:completed']],
  [['--query', '-state:completed']],
  [['--', '-state:completed']],
  [['-(state:completed)']],
  [['type:nobody.knows', '-state:completed']],
])('a negated term is a query, not an option: %j', async (words) => {
  await answer('task', 'submit', 'nobody.knows', '--payload', '1');
  const list = ['task', 'list', '-n', '100', '-o', 'json', ...words];
  const { exitCode, stdout } = await uqo(...list);
  expect(exitCode).toBe(0);
  const found = JSON.parse(stdout) as { items: { state: string }[] };
  expect(found.items.length).toBeGreaterThan(0);
  expect(found.items.map(({ state }) => state)).not.toContain('completed');
});
