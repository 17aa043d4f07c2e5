/** Large outputs of tasks on every node of a cluster: nodes as real processes, with disks that die, lie and fill up. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Client } from '../../src/client/index.ts';
import type { ClusterView } from '../../src/contract/index.ts';
import { ClusterProcesses } from './cluster-processes.ts';

const IDS = ['n1', 'n2', 'n3'];
const MIB = 1024 * 1024;
/** 4 MiB of amplitudes. */
const QUBITS = 18;

let cluster: ClusterProcesses;
afterEach(() => cluster.dispose());

interface Made {
  readonly id: string;
  readonly sha256: string;
}

/** Has the quantum agent of the leader make an artifact; resolves once that is acknowledged. */
async function make(qubits = QUBITS, attemptsMax = 3): Promise<Made> {
  const client = new Client({ url: cluster.urls });
  try {
    const qasm = `OPENQASM 3.0; include "stdgates.inc"; qubit[${qubits}] q; h q;`;
    const payload = { qasm, statevector: 'file', shots: 0 };
    const task = await client.submit({
      type: 'quantum.circuit.run',
      payload,
      retry: { attemptsMax },
    });
    const { statevector } = (await task.result()) as { statevector: { artifact: string } & Made };
    return { id: statevector.artifact, sha256: statevector.sha256 };
  } finally {
    await client.close();
  }
}

const fileOf = (node: string, { id }: Made): string =>
  join(cluster.folder, node, 'artifacts', `${id}.data`);

function digestOf(file: string): string {
  return existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : '';
}

const has = (node: string, made: Made): boolean => digestOf(fileOf(node, made)) === made.sha256;

/** What a node answers, of its own disk alone or wherever it finds it. */
async function read(node: string, { id }: Made, headers = {}): Promise<string> {
  const answer = await fetch(`${cluster.urlOf(node)}/api/v1/artifacts/${id}`, { headers });
  if (!answer.ok) return String(answer.status);
  const bytes = Buffer.from(await answer.arrayBuffer());
  return createHash('sha256').update(bytes).digest('hex');
}

async function copied(nodes: readonly string[], all: readonly Made[]): Promise<void> {
  await cluster.until('not every node has every artifact', () => {
    const isDone = nodes.every((node) => all.every((made) => has(node, made)));
    return Promise.resolve(isDone ? true : null);
  });
}

async function metric(node: string, name: string): Promise<number> {
  const text = await (await fetch(`${cluster.urlOf(node)}/metrics`)).text();
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}

test('an acknowledged artifact outlives the node that made it, and comes to one that joins', async () => {
  cluster = await ClusterProcesses.start(IDS, []);
  const made = await make();
  const maker = await cluster.leader();
  const others = IDS.filter((id) => id !== maker);
  // At once: it is not acknowledged before one more of three has it.
  expect(others.some((id) => has(id, made))).toBe(true);
  await cluster.kill(maker);
  rmSync(join(cluster.folder, maker), { recursive: true });
  for (const node of others) expect(await read(node, made)).toBe(made.sha256);
  await copied(others, [made]);

  const second = await make(17);
  await cluster.leader();
  await cluster.place('n4');
  const [asked = ''] = others;
  await cluster.change(asked, 'add', 'n4', cluster.addressOf('n4'));
  await cluster.run('n4', ['--join']);
  await copied(['n4', ...others], [made, second]);
  const only = { 'uqo-only-here': '1', 'uqo-forwarded-by': 'test' };
  expect(await read('n4', made, only)).toBe(made.sha256);
  const view = (await cluster.until('n4 lacks something', async () => {
    const seen = await cluster.view('n4');
    return seen?.artifacts.missing === 0 ? seen : null;
  })) as ClusterView;
  expect(view.artifacts).toMatchObject({ kept: 2, missingBytes: 0 });
  expect(await metric('n4', 'uqo_artifacts_kept')).toBe(2);
}, 180_000);

test('a copy that is damaged on the disk is never served, and is replaced', async () => {
  cluster = await ClusterProcesses.start(IDS, []);
  const made = await make();
  await copied(IDS, [made]);
  const [node = ''] = IDS.filter((id) => id !== 'n1');
  // In the third of four blocks: the head of the answer is on its way when it is found.
  spoil(fileOf(node, made), 2 * MIB + 77);
  expect(has(node, made)).toBe(false);
  expect(await read(node, made)).toBe(made.sha256);
  await copied([node], [made]);
  // … and it is found without anybody reading it.
  spoil(fileOf(node, made), 5);
  await copied([node], [made]);
}, 120_000);

function spoil(file: string, at: number): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.from('what the disk made of it'), 0, 10, at);
  closeSync(handle);
}

test('what no majority has room for is not acknowledged, and the task says why', async () => {
  cluster = new ClusterProcesses([]);
  for (const id of IDS) await cluster.place(id);
  const env = { UQO_ARTIFACTS_MAX: '1MiB' };
  await Promise.all(IDS.map((id) => cluster.run(id, [], id === 'n1' ? {} : { env })));
  const code = await cluster.until('the node that has room does not lead', async () => {
    const leader = await cluster.leader();
    if (leader !== 'n1') await cluster.change(leader, 'transfer', '--to', 'n1');
    const refusal = await make(QUBITS, 1).then(
      () => ({ code: 'acknowledged' }),
      (error: unknown) => error as { readonly code: string },
    );
    // On a starved machine another one leads meanwhile, and says for itself that it has no room.
    return refusal.code === 'ARTIFACTS_FULL' ? null : refusal.code;
  });
  expect(code).toBe('ARTIFACT_NOT_COPIED');
  expect(await make(10)).toMatchObject({ id: expect.any(String) as string });
}, 180_000);

test('a node whose disk is full goes on without copies, keeps no half of one, and gets them later', async () => {
  cluster = await ClusterProcesses.start(IDS, []);
  const leader = await cluster.leader();
  const [small = ''] = IDS.filter((id) => id !== leader);
  await cluster.stop(small);
  const made = await make();
  // Larger than the log's segments and the store, smaller than the artifact.
  await cluster.run(small, [], { fileKibMax: 3 * 1024 });
  const view = await cluster.until('nothing is missing', async () => {
    const seen = await cluster.view(small);
    return seen !== null && seen.artifacts.missing > 0 ? seen : null;
  });
  expect(view.artifacts).toMatchObject({ missing: 1, missingBytes: 4 * MIB });
  await cluster.until('no copy has failed', async () => {
    const failed = await metric(small, 'uqo_artifact_copies_total{outcome="failed"}');
    return failed > 0 ? true : null;
  });
  await cluster.until('half a copy stays', () => {
    const names = readdirSync(join(cluster.folder, small, 'artifacts'));
    return Promise.resolve(names.length === 0 ? true : null);
  });
  expect(await read(small, made)).toBe(made.sha256);
  const { stdout } = await cluster.uqo(small, 'cluster', 'status');
  expect(stdout).toMatch(new RegExp(`LACKS ARTIFACTS[^]*${small} .* 1  127`));
  await cluster.stop(small);
  await cluster.run(small);
  await copied([small], [made]);
}, 120_000);
