/** The command line against a real server, from start to stop, and everything it must refuse. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scratchServer } from './scratch-server.ts';
import { runUqo, startUqo } from './uqo-process.ts';

const UNKNOWN_ID = '00000000-0000-7000-8000-000000000000';

const scratch = scratchServer();
const { answer, uqo } = scratch;

interface Task {
  readonly id: string;
  readonly state: string;
  readonly [field: string]: unknown;
}

describe('a task', () => {
  test('is submitted, waited for, shown and listed', async () => {
    const payload = '{"series":[1,2,3,4,5,6,7,8,9,10],"horizon":2}';
    const { id } = await answer<Task>('task', 'submit', 'ml.forecast', '--payload', payload);
    const outcome = await answer<Task>('task', 'wait', id, '--timeout', '30s');
    expect(outcome).toMatchObject({
      id,
      state: 'completed',
      result: { forecast: expect.any(Array) },
    });
    expect(await answer('task', 'get', id)).toMatchObject({ id, state: 'completed', attempt: 1 });
    const listed = await answer<{ items: Task[]; nextCursor: null }>(
      'task',
      'list',
      '--state',
      'completed',
    );
    expect(listed.items.map((task) => task.id)).toContain(id);
    const table = await uqo('task', 'list', '--type', 'ml.forecast');
    expect(table.stdout).toMatch(/^ID +STATE +TYPE +QUEUE/);
    expect(table.stdout).toContain(`${id}  completed  ml.forecast  default`);
    expect((await uqo('task', 'explain', id)).stdout).toMatch(
      /^verdict +completed .* on agent forecast-agent/,
    );
  });

  test('is found by a query', async () => {
    const meta = ['--metadata', 'customer=42'];
    const { id } = await answer<Task>('task', 'submit', 'e2e.search', '--delay', '1h', ...meta);
    const other = await answer<Task>('task', 'submit', 'e2e.search', '--delay', '1h');
    const ids = async (...args: readonly string[]): Promise<string[]> => {
      const { items } = await answer<{ items: Task[] }>('task', 'list', ...args);
      return items.map((task) => task.id);
    };
    expect(await ids('type:e2e.s*', 'metadata.customer=42')).toEqual([id]);
    expect(await ids('type:e2e.search not metadata.customer:*')).toEqual([other.id]);
    expect(await ids('--query', 'type:e2e.search age<1h', '-n', '1')).toEqual([other.id]);
    expect(await ids('metadata.customer:4*', '--state', 'completed')).toEqual([]);
    const wrong = await uqo('task', 'list', 'stat:failed');
    expect(wrong).toMatchObject({ exitCode: 1, stdout: '' });
    expect(wrong.stderr).toContain('did you mean state? (QUERY_INVALID)');
    const twice = await uqo('task', 'list', 'state:failed', '--query', 'state:failed');
    expect(twice).toMatchObject({ exitCode: 2, stdout: '' });
    await answer('task', 'cancel', id, other.id);
  });

  test('takes every option', async () => {
    const flags =
      '--queue e2e --priority 9 --delay 1h --idempotency-key k1 --affinity-key a ' +
      '--retry-attempts 5 --retry-strategy fixed --retry-delay 2s --metadata by=test ' +
      '--require-label zone=eu --run-timeout 1m';
    const task = await answer<Task>('task', 'submit', 'e2e.options', ...flags.split(' '));
    expect(task).toMatchObject({
      state: 'scheduled',
      queue: 'e2e',
      priority: 9,
      affinityKey: 'a',
      idempotencyKey: 'k1',
      retry: { attemptsMax: 5, strategy: 'fixed', delayMs: 2000 },
      requires: { labels: { zone: 'eu' } },
      timeouts: { runMs: 60_000 },
      metadata: { by: 'test' },
    });
    expect(await answer('task', 'cancel', task.id, '--reason', 'done')).toMatchObject({
      id: task.id,
      state: 'canceled',
    });
    const again = await uqo('task', 'cancel', task.id);
    expect(again).toMatchObject({ exitCode: 1, stdout: '' });
    expect(again.stderr).toContain('TASK_FINISHED');
  });

  test('is explained while nobody can take it, and its wait times out', async () => {
    const { id } = await answer<Task>('task', 'submit', 'e2e.nobody');
    expect(await answer('task', 'explain', id)).toMatchObject({
      verdict: expect.stringContaining('no agent has capability e2e.nobody'),
    });
    const waited = await uqo('task', 'wait', id, '--timeout', '50ms');
    expect(waited.exitCode).toBe(6);
    expect(waited.stderr).toContain('WAIT_TIMEOUT');
    await answer('task', 'cancel', id);
    const canceled = await uqo('task', 'wait', id);
    expect(canceled.exitCode).toBe(5);
    expect(canceled.stderr).toContain('got canceled');
  });

  test('comes from standard input or a file', async () => {
    const table = '{"csv":"a,b\\n1,2\\n3,4\\n"}';
    writeFileSync(join(scratch.folder, 'table.json'), table);
    const fromFile = await uqo(
      'task',
      'submit',
      'data.analyze',
      '--payload',
      '@table.json',
      '--wait',
    );
    expect(fromFile).toMatchObject({ exitCode: 0 });
    expect(fromFile.stdout).toMatch(/^id +\S+\nstate +completed\nresult +\{/);
    const options = { cwd: scratch.folder, env: { UQO_URL: scratch.server.url }, stdin: table };
    const piped = await runUqo(
      ['task', 'submit', 'data.analyze', '--payload', '-', '--wait'],
      options,
    );
    expect(piped.exitCode).toBe(0);
  });

  test('that waits for a person is listed, shown, and answered', async () => {
    const post = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
      const response = await fetch(`${scratch.server.url}/api/v1${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return (await response.json()) as Record<string, unknown>;
    };
    await post('/agents', { id: 'clerk', capabilities: ['cli.pay'] });
    const { id } = await answer<Task>('task', 'submit', 'cli.pay');
    const { leases } = await post('/agents/clerk/lease', { max: 1, waitMs: 20_000 });
    const [{ fencingToken }] = leases as [{ fencingToken: number }];
    const prompt = { key: 'pay', message: 'pay?', schema: { type: 'boolean' }, answerers: ['ann'] };
    await post(`/leases/${id}/ask`, { fencingToken, prompt });
    const listed = await answer<{ items: Task[] }>('task', 'list', '--state', 'input_required');
    expect(listed.items.map((task) => task.id)).toEqual([id]);
    const shown = await uqo('task', 'get', id);
    expect(shown.stdout).toContain('pay: pay?');
    expect(shown.stdout).toContain(`uqo task answer ${id} JSON --key pay`);
    const refused = await uqo('task', 'answer', id, '"yes"', '--by', 'ann', '--output', 'json');
    expect(refused.exitCode).toBe(1);
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'INPUT_INVALID' } });
    expect((await uqo('task', 'answer', id, '{')).exitCode).toBe(2);
    const args = ['task', 'answer', id, 'true', '--key', 'pay', '--by', 'ann'] as const;
    expect(await answer<Task>(...args)).toMatchObject({
      state: 'running',
      answers: [{ key: 'pay', answer: true, by: 'ann' }],
    });
    await post(`/leases/${id}/complete`, { fencingToken });
    expect((await answer<Task>('task', 'wait', id)).state).toBe('completed');
    await uqo('agent', 'remove', 'clerk');
  });

  test('shows and hands over its large outputs', async () => {
    const qasm = 'OPENQASM 3.0; qubit[2] q; x q[1];';
    const payload = JSON.stringify({ qasm, statevector: 'file' });
    const task = ['quantum.circuit.run', '--payload', payload, '--wait', '-o', 'json'];
    const { id } = JSON.parse((await uqo('task', 'submit', ...task)).stdout) as { id: string };
    const listed = await uqo('task', 'artifacts', id);
    expect(listed.stdout).toMatch(/statevector-\d+\.c128 +64 /);
    const saved = await uqo('task', 'artifacts', id, '--save', 'saved', '-o', 'jsonl');
    const { file } = JSON.parse(saved.stdout) as { file: string };
    const bytes = readFileSync(join(scratch.folder, file));
    expect(Array.from({ length: 8 }, (_, k) => bytes.readDoubleLE(8 * k))).toEqual([
      0, 0, 0, 0, 1, 0, 0, 0,
    ]);
  });

  test('tells its events to the end', async () => {
    const { id } = await answer<Task>(
      'task',
      'submit',
      'data.analyze',
      '--payload',
      '{"csv":"a\\n1\\n"}',
    );
    const { exitCode, stdout } = await uqo('task', 'events', id, '--output', 'jsonl');
    const types = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(exitCode).toBe(0);
    expect(types[0]).toBe('snapshot');
    expect((await answer<Task>('task', 'get', id)).state).toBe('completed');
  });
});

describe('a file of tasks', () => {
  test('is submitted in batches, with defaults for what its lines leave out', async () => {
    const lines = Array.from({ length: 2500 }, (_, n) => JSON.stringify({ payload: n }));
    writeFileSync(join(scratch.folder, 'tasks.jsonl'), `${lines.join('\n')}\n`);
    const args = ['task', 'submit', 'e2e.bulk', '--file', 'tasks.jsonl', '--queue', 'bulk'];
    expect(await answer(...args)).toMatchObject({ submitted: 2500, batches: 3 });
    const { items } = await answer<{ items: { name: string; queued: number }[] }>('queue', 'list');
    expect(items).toContainEqual(expect.objectContaining({ name: 'bulk', queued: 2500 }));
  });

  test('with a wrong line tells which, and what stays', async () => {
    const lines = Array.from({ length: 1000 }, () => '{"type":"e2e.part","queue":"part"}');
    writeFileSync(
      join(scratch.folder, 'part.jsonl'),
      [...lines, '{"type":"e2e.part"', ''].join('\n'),
    );
    const ran = await uqo('task', 'submit', '--file', 'part.jsonl');
    expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ran.stderr).toContain('line 1001 must be JSON');
    expect(ran.stderr).toContain('1,000 tasks of the lines before were submitted and stay');
  });

  test('with a refused task names its lines', async () => {
    writeFileSync(
      join(scratch.folder, 'refused.jsonl'),
      '{"type":"ok"}\n{"type":"ok","priority":77}\n',
    );
    const ran = await uqo('task', 'submit', '--file', 'refused.jsonl');
    expect(ran).toMatchObject({ exitCode: 1 });
    expect(ran.stderr).toContain('lines 1 to 2, none of them taken');
    expect(ran.stderr).toContain('/tasks/1/priority');
  });
});

describe('dead letters', () => {
  const submitBad = async (): Promise<string> => {
    const args = [
      'task',
      'submit',
      'data.analyze',
      '--queue',
      'dlq',
      '--payload',
      '{"wrong":1}',
      '--wait',
    ];
    const ran = await uqo(...args, '-o', 'json');
    expect(ran.exitCode).toBe(5);
    expect(ran.stderr).toContain('INVALID_PAYLOAD');
    return (JSON.parse(ran.stdout) as Task).id;
  };

  test('are listed, shown, exported, redriven and purged', async () => {
    const id = await submitBad();
    const listed = await answer<{ items: Task[] }>('dlq', 'list', '--queue', 'dlq');
    expect(listed.items.map((task) => task.id)).toEqual([id]);
    expect(await answer('dlq', 'get', id)).toMatchObject({ id, payload: { wrong: 1 } });
    const exported = await uqo('dlq', 'export', '--queue', 'dlq');
    expect(JSON.parse(exported.stdout)).toMatchObject({ id, payload: { wrong: 1 } });
    expect(exported.stderr).toContain('1 dead letters exported');
    const counted = await answer('dlq', 'redrive', '--queue', 'dlq', '--dry-run');
    expect(counted).toEqual({ matched: 1, done: 0, dryRun: true });
    expect(await answer('dlq', 'redrive', id)).toEqual({ matched: 1, done: 1, dryRun: false });
    expect((await uqo('task', 'wait', id)).exitCode).toBe(5);
    expect(await answer('dlq', 'purge', '--all', '--yes')).toMatchObject({ done: 1 });
    expect((await answer<{ items: Task[] }>('dlq', 'list')).items).toEqual([]);
  });

  test('that are none are not found', async () => {
    const { exitCode, stderr } = await uqo('dlq', 'redrive', UNKNOWN_ID);
    expect(exitCode).toBe(4);
    expect(stderr).toContain('DEAD_LETTER_NOT_FOUND');
  });
});

describe('an operator', () => {
  test('pauses and resumes a queue', async () => {
    await answer('queue', 'set', 'calm', '--strategy', 'least-loaded', '--depth-max', '10');
    expect(await answer('queue', 'pause', 'calm')).toMatchObject({ name: 'calm', paused: true });
    const args = [
      'task',
      'submit',
      'data.analyze',
      '--queue',
      'calm',
      '--payload',
      '{"csv":"a\\n1\\n"}',
    ];
    const { id } = await answer<Task>(...args);
    const { verdict } = await answer<{ verdict: string }>('task', 'explain', id);
    expect(verdict).toContain('paused');
    expect(await answer('queue', 'resume', 'calm')).toMatchObject({ paused: false, depthMax: 10 });
    expect(await answer('task', 'wait', id)).toMatchObject({ state: 'completed' });
  });

  test('sees agents, drains and removes one', async () => {
    await fetch(`${scratch.server.url}/api/v1/agents`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"id":"e2e-agent","capabilities":["e2e.agent"]}',
    });
    const { items } = await answer<{ items: { id: string }[] }>('agent', 'list');
    expect(await answer('agent', 'correlate')).toMatchObject({ windowMs: 30_000 });
    expect((await uqo('agent', 'correlate', 'nobody')).exitCode).toBe(4);
    expect(items.map(({ id }) => id)).toEqual([
      'data-agent',
      'forecast-agent',
      'quantum-agent',
      'e2e-agent',
    ]);
    expect(await answer('agent', 'drain', 'e2e-agent')).toMatchObject({ state: 'draining' });
    expect((await uqo('agent', 'remove', 'e2e-agent')).exitCode).toBe(0);
    expect((await uqo('agent', 'get', 'e2e-agent')).exitCode).toBe(4);
  });

  test('sees the status', async () => {
    expect(await answer('status')).toMatchObject({ ready: true, log: { kind: 'embedded' } });
    expect((await uqo('status')).stdout).toMatch(/^version +\S+ on Node v/);
  });

  test('asks the doctor, who leaves a running server’s data alone', async () => {
    const { exitCode, stdout } = await uqo('doctor', '--data', 'data');
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringContaining('✓ server'),
    });
    expect(stdout).toContain(`in use by process ${scratch.server.pid}`);
  });
});

describe('what must be refused', () => {
  test.each([
    [['task', 'get', UNKNOWN_ID], 4, 'TASK_NOT_FOUND'],
    [['task', 'cancel', UNKNOWN_ID], 4, 'TASK_NOT_FOUND'],
    [['task', 'events', UNKNOWN_ID], 4, 'TASK_NOT_FOUND'],
    [['agent', 'drain', 'nobody'], 4, 'AGENT_NOT_FOUND'],
    [['queue', 'pause', 'nowhere'], 4, 'QUEUE_NOT_FOUND'],
    [['task', 'submit', 'bad type!'], 1, 'INVALID_REQUEST'],
    [['task', 'list', '--state', 'sleeping'], 1, 'INVALID_REQUEST'],
    [['task', 'submit', 't', '--payload', '{bad'], 2, 'PAYLOAD_INVALID'],
    [['task', 'submit', 't', '--payload', '@missing.json'], 2, 'missing.json'],
    [['task', 'submit', '--file', 'missing.jsonl'], 2, 'missing.jsonl'],
    [['task', 'list', '--nonsense'], 2, "unknown option '--nonsense'"],
    [['status', '--url', 'http://127.0.0.1:1'], 3, 'SERVER_UNREACHABLE'],
    [['start', '--prot', '1'], 2, 'Did you mean --port?'],
    [['start', '--log', 'pbft'], 2, 'not built yet'],
    [['start', '--data', 'data', '--port', '0'], 11, 'DATA_DIR_LOCKED'],
    [['start', '--data', 'other', '--port', '0', '--host', '0.0.0.0'], 13, 'INSECURE_BIND'],
    [['start', '--data', 'table.json/data', '--port', '0'], 11, 'DATA_DIR_UNUSABLE'],
    [['start', '--data', 'table.json', '--port', '0'], 11, 'a file where a folder must be'],
    [['start', '--data', '/proc/x/y', '--port', '0'], 11, 'name one on a disk'],
    [['start', '--data', 'x'.repeat(300), '--port', '0'], 11, 'name a shorter one'],
    [['start', '--data', 'x/'.repeat(300), '--port', '0'], 11, 'at most 480 bytes'],
    [['start', '--config', 'missing.yaml'], 2, 'missing.yaml must be readable'],
  ])('%j', async (args, exitCode, message) => {
    const ran = await uqo(...args);
    expect({ ...ran, stderr: '' }).toEqual({ exitCode, stdout: '', stderr: '' });
    expect(ran.stderr).toContain(message);
  });

  test('an unknown key of the file, with the nearest', async () => {
    writeFileSync(join(scratch.folder, 'typo.yaml'), 'prot: 9000\n');
    const { exitCode, stderr } = await uqo('start', '--config', 'typo.yaml');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('did you mean port?');
  });

  test('a port in use', async () => {
    const port = new URL(scratch.server.url).port;
    const { exitCode, stderr } = await uqo('start', '--data', 'other', '--port', port);
    expect(exitCode).toBe(10);
    expect(stderr).toContain('EADDRINUSE');
    expect(stderr).toContain('--port');
  });

  test('a log that was damaged', async () => {
    const data = join(scratch.folder, 'damaged');
    const first = await startUqo(['--port', '0', '--data', data], { cwd: scratch.folder });
    await runUqo(['task', 'submit', 'e2e.kept'], {
      cwd: scratch.folder,
      env: { UQO_URL: first.url },
    });
    first.signal('SIGTERM');
    expect(await first.ended).toBe(0);
    writeFileSync(join(data, 'log', 'notes.txt'), 'not a segment');
    const { exitCode, stderr } = await uqo('start', '--port', '0', '--data', data);
    expect(exitCode).toBe(12);
    expect(stderr).toContain('notes.txt');
    const doctor = await uqo('doctor', '--data', data);
    expect(doctor.exitCode).toBe(1);
    expect(doctor.stdout).toContain('✗ log');
  });

  test('an address where some other program answers', async () => {
    const other = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'));
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const { exitCode, stderr } = await uqo('status', '--url', `http://127.0.0.1:${port}`);
    other.close();
    expect(exitCode).toBe(3);
    expect(stderr).toContain('NOT_A_SERVER');
  });
});

describe('settings', () => {
  test('come from flag, variable and file, and are shown with their source', async () => {
    writeFileSync(
      join(scratch.folder, 'uqo.config.yaml'),
      'port: 9001\ngrace: 5s\nlogLevel: warn\n',
    );
    const options = { cwd: scratch.folder, env: { UQO_LOG_LEVEL: 'error' } };
    const ran = await runUqo(['start', '--print-config', '--port', '9002', '-o', 'json'], options);
    rmSync(join(scratch.folder, 'uqo.config.yaml'));
    const rows = JSON.parse(ran.stdout) as { key: string; value: string; source: string }[];
    expect(rows).toContainEqual({ key: 'port', value: '9002', source: 'flag' });
    expect(rows).toContainEqual({ key: 'logLevel', value: 'error', source: 'environment' });
    expect(rows).toContainEqual({ key: 'grace', value: '5s', source: 'file' });
    expect(rows).toContainEqual({ key: 'dataDir', value: './data', source: 'default' });
  });
});

test('the server said one line, kept its id in uqo.pid, and stops with 0', async () => {
  const pidFile = join(scratch.folder, 'data', 'uqo.pid');
  expect(readFileSync(pidFile, 'utf8')).toBe(`${scratch.server.pid}\n`);
  scratch.server.signal('SIGTERM');
  expect(await scratch.server.ended).toBe(0);
  expect(scratch.server.stdout()).toBe(`ready on ${scratch.server.url}\n`);
  expect(existsSync(pidFile)).toBe(false);
  expect((await uqo('status')).exitCode).toBe(3);
});

test('a second signal ends a stop that takes its time, at once and with 130', async () => {
  const slow = await startUqo(['--port', '0', '--data', 'slow'], { cwd: scratch.folder });
  // A request that never arrives in full holds the stop up for the whole grace.
  const request = connect(Number(new URL(slow.url).port), '127.0.0.1');
  request.on('error', () => request.destroy());
  const head =
    'POST /api/v1/tasks HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n';
  request.write(`${head}expect: 100-continue\r\ncontent-length: 9\r\n\r\n`);
  await once(request, 'data');
  slow.signal('SIGTERM');
  await slow.said('"msg":"stopping"');
  slow.signal('SIGTERM');
  expect(await slow.ended).toBe(130);
  expect(existsSync(join(scratch.folder, 'slow', 'uqo.pid'))).toBe(false);
  request.destroy();
});

test.runIf(process.platform === 'linux')('a log that fails ends the server with 70', async () => {
  const options = { cwd: scratch.folder, fileKibMax: 2000 };
  const failing = await startUqo(['--port', '0', '--data', 'failing'], options);
  const env = { UQO_URL: failing.url };
  writeFileSync(join(scratch.folder, 'large.json'), JSON.stringify('x'.repeat(900_000)));
  const args = ['task', 'submit', 'e2e.large', '--payload', '@large.json', '-o', 'json'];
  const acknowledged: string[] = [];
  for (;;) {
    const { exitCode, stdout } = await runUqo(args, { cwd: scratch.folder, env });
    if (exitCode !== 0) break;
    acknowledged.unshift((JSON.parse(stdout) as Task).id);
  }
  expect(await failing.ended).toBe(70);
  await failing.said('the log failed for good');
  const again = await startUqo(['--port', '0', '--data', 'failing'], { cwd: scratch.folder });
  const listing = { cwd: scratch.folder, env: { UQO_URL: again.url } };
  const { stdout } = await runUqo(['task', 'list', '-o', 'json'], listing);
  again.signal('SIGTERM');
  expect((JSON.parse(stdout) as { items: Task[] }).items.map(({ id }) => id)).toEqual(acknowledged);
  expect(acknowledged.length).toBeGreaterThan(0);
  expect(await again.ended).toBe(0);
});

test('a stale uqo.pid is replaced', async () => {
  writeFileSync(join(scratch.folder, 'data', 'uqo.pid'), '999999\n');
  const again = await startUqo(['--port', '0', '--data', 'data', '--no-agents'], {
    cwd: scratch.folder,
  });
  expect(readFileSync(join(scratch.folder, 'data', 'uqo.pid'), 'utf8')).toBe(`${again.pid}\n`);
  // One press of Ctrl-C comes twice where a parent passes it on.
  again.signal('SIGINT');
  again.signal('SIGINT');
  expect(await again.ended).toBe(0);
});

test('verify passes', async () => {
  const { exitCode, stdout } = await runUqo(['verify', '--output', 'json'], {
    cwd: scratch.folder,
  });
  const { failed, items } = JSON.parse(stdout) as { failed: number; items: { status: string }[] };
  expect(items.filter(({ status }) => status === 'failed')).toEqual([]);
  expect({ exitCode, failed }).toEqual({ exitCode: 0, failed: 0 });
}, 300_000);
