import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { runCli } from '../run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'uqo-cli-quantum-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const WIDE = file(
  'wide.qasm',
  'OPENQASM 3.0; include "stdgates.inc"; qubit[23] q; for int l in [0:400] { for int i in [0:22] { u(l + i, 0.4, 0.9) q[i]; } for int i in [0:21] { cx q[i], q[i + 1]; } }',
);

const BELL = file(
  'bell.qasm',
  `OPENQASM 2.0;
include "qelib1.inc";
qreg q[2];
creg c[2];
h q[0];
cx q[0],q[1];
measure q -> c;
`,
);

async function quantum(
  ...args: readonly string[]
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  return quantumWith('', ...args);
}

async function quantumWith(
  input: string,
  ...args: readonly string[]
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const stdin = new PassThrough();
  stdin.end(input);
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const told = Promise.all([text(stdout), text(stderr)]);
  const exitCode = await runCli(['quantum', ...args], { stdin, stdout, stderr, environment: {} });
  stdout.end();
  stderr.end();
  const [out, errors] = await told;
  return { exitCode, stdout: out, stderr: errors };
}

async function answer<Answer>(...args: readonly string[]): Promise<Answer> {
  const { exitCode, stderr, stdout } = await quantum(...args, '-o', 'json');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return JSON.parse(stdout) as Answer;
}

describe('run', () => {
  test('answers counts and exact probabilities', async () => {
    const args = ['run', BELL, '--shots', '1000', '--probabilities', '--seed', '3'];
    const first = await answer<{ counts: Record<string, number> }>(...args);
    expect(first).toMatchObject({
      qubits: 2,
      method: 'stabilizer',
      bitOrder: expect.stringContaining('c[0] is rightmost'),
      shots: 1000,
      seed: 3,
      probabilities: { '00': 0.5, '11': 0.5 },
    });
    expect(first.counts['00']! + first.counts['11']!).toBe(1000);
    expect(await answer(...args)).toMatchObject({ counts: first.counts });
  });

  test('prints a table for people, likeliest first', async () => {
    const qasm = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; ry(0.6) q[0];';
    const { stdout } = await quantumWith(qasm, 'run', '-', '--probabilities', '--shots', '10');
    expect(stdout).toMatch(/^method +dense/);
    expect(stdout).toMatch(/OUTCOME +COUNT +SHARE +PROBABILITY\n00 /);
    expect(stdout).toContain('0.912667807');
  });

  test('reads noise, reverses bits and writes amplitudes', async () => {
    const noise = file('noise.json', '{"readout":[{"qubits":[0],"zeroAsOne":0,"oneAsZero":1}]}');
    const flipped = file(
      'x.qasm',
      'OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; x q[0]; x q[2];',
    );
    const noisy = await answer('run', flipped, '--noise', noise, '--shots', '5');
    expect(noisy).toMatchObject({ counts: { '100': 5 } });
    const state = join(folder, 'state.c128');
    const args = ['--bit-order', 'q0-left', '--shots', '0', '--statevector', state];
    const reversed = await answer('run', flipped, ...args, '--amplitudes', '2', '--probabilities');
    expect(reversed).toMatchObject({
      counts: {},
      probabilities: { '101': 1 },
      amplitudes: [{ state: '101', re: 1, im: 0 }],
      statevector: { file: state, amplitudes: 8 },
    });
    expect(readFileSync(state).readDoubleLE(16 * 0b101)).toBe(1);
  });
});

describe('optimize', () => {
  test('answers costs, the check and the circuit; a table leaves the circuit alone on standard output', async () => {
    const wasteful = file(
      'wasteful.qasm',
      'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; h q[0]; h q[0]; cx q[0],q[1]; t q[1]; tdg q[1];',
    );
    const optimized = await answer<{ qasm: string }>('optimize', wasteful, '--time', '1s');
    expect(optimized).toMatchObject({
      before: { gates: 5, twoQubit: 1, depth: 5, twoQubitDepth: 1, tCount: 2 },
      after: { gates: 1, twoQubit: 1, depth: 1, twoQubitDepth: 1, tCount: 0 },
      verified: expect.not.stringContaining('not verified'),
    });
    const shown = await quantum('optimize', wasteful, '--time', '1s');
    expect(shown.stdout).toBe(optimized.qasm);
    expect(shown.stderr).toMatch(/gates +5 → 1 \(−80.0 %\)/);
  });

  test('keeps to a basis and a coupling map', async () => {
    const coupling = file('line.json', '[[0,1],[1,2]]');
    const far = file(
      'far.qasm',
      'OPENQASM 2.0; include "qelib1.inc"; qreg q[3]; cx q[0],q[2]; cx q[0],q[1]; cx q[1],q[2];',
    );
    const args = ['--basis', 'rz,sx,x,cz', '--coupling', coupling, '--time', '1s'];
    const { qasm } = await answer<{ qasm: string }>('optimize', far, ...args);
    const gates = qasm.split('\n').filter((line) => / q\[/.test(line) && !line.startsWith('qreg'));
    expect(gates.length).toBeGreaterThan(3);
    for (const gate of gates) {
      expect(gate).toMatch(/^(rz|sx|x|cz)/);
      expect(gate).not.toMatch(/q\[0\],q\[2\]|q\[2\],q\[0\]/);
    }
  });
});

describe('ising and assign', () => {
  test('a cut is found', async () => {
    const graph = file('ring.txt', '4 4\n1 2 1\n2 3 1\n3 4 1\n4 1 1\n');
    const args = ['--format', 'gset', '--time', '1s', '--seed', '1'];
    const cut = await answer<{ assignment: number[] }>('ising', graph, ...args);
    expect(cut).toMatchObject({
      value: 4,
      bound: 4,
      method: expect.any(String),
      history: expect.any(Array),
    });
    const [a, b, c, d] = cut.assignment;
    expect([a === c, b === d, a === b]).toEqual([true, true, false]);
  });

  test('a problem of a file is assigned', async () => {
    const problems = file(
      'gap.txt',
      '2\n2 3  5 1 1  1 5 5  1 1 1  1 1 1  2 2\n2 2  1 2  3 1  1 1  1 1  1 1\n',
    );
    const args = ['--time', '500ms', '--seed', '1'];
    expect(await answer('assign', problems, ...args)).toMatchObject({
      cost: 3,
      feasible: true,
      assignment: [1, 0, 0],
    });
    expect(await answer('assign', problems, '--problem', '2', ...args)).toMatchObject({
      cost: 2,
      assignment: [0, 1],
    });
  });
});

describe('draw and info', () => {
  test('a circuit is drawn as text and as SVG', async () => {
    expect((await quantum('draw', BELL)).stdout).toContain('┤ H ├──●');
    expect((await quantum('draw', BELL, '--format', 'svg')).stdout).toMatch(/^<svg/);
  });

  test('a circuit is described, with the memory of each method', async () => {
    expect(await answer('info', BELL)).toMatchObject({
      qubits: 2,
      stats: { gates: 2, twoQubit: 1 },
      isClifford: true,
      chosen: { method: 'stabilizer' },
      methods: expect.arrayContaining([
        expect.objectContaining({ method: 'dense', isPossible: true, bytes: 64 }),
      ]),
    });
    expect((await quantum('info', BELL)).stdout).toMatch(/^qubits +2 \(q\[2\]\)\n/);
  });
});

describe('what must be refused', () => {
  const bad = file('bad.qasm', 'OPENQASM 2.0;\nqreg q[2];\nh q[5];\n');
  const large = file(
    'large.qasm',
    'OPENQASM 3.0; include "stdgates.inc"; qubit[60] q; for int l in [0:40] { for int i in [0:59] { u(l + i, 0.4, 0.9) q[i]; } for int i in [0:58] { cx q[i], q[i + 1]; } }',
  );
  const endless = file('endless.qasm', 'OPENQASM 3.0; bit c; while (true) { c = 0; }');
  const notJson = file('noise.txt', 'no noise');

  test.each([
    [['run', bad], 1, /line 3, column \d+/],
    [['run', large], 1, /QUANTUM_TOO_LARGE/],
    [['run', large, '--method', 'dense'], 1, /\d+ bytes/],
    [['run', BELL, '--method', 'magic'], 2, /magic/],
    [['run', BELL, '--shots', '-1'], 2, /integer/],
    [['run', BELL, '--noise', notJson], 2, /must be JSON/],
    [['run', join(folder, 'missing.qasm')], 2, /must be readable/],
    [['run', endless], 1, /QUANTUM_STEPS_EXCEEDED/],
    [['run', BELL, '--statevector', join(BELL, 'x')], 1, /QUANTUM_FILE_UNWRITABLE/],
    [['optimize', BELL, '--basis', 'nothing'], 1, /QUANTUM_BASIS/],
    [['ising', BELL], 2, /--format/],
    [['ising', BELL, '--format', 'gset'], 1, /line 1/],
    [['assign', BELL], 1, /line 1/],
    [['draw', bad], 1, /QASM_RANGE/],
    [['info', bad], 1, /QASM_RANGE/],
  ])('%j exits %i', async (args, exitCode, message) => {
    const ran = await quantum(...args);
    expect({ exitCode: ran.exitCode, stdout: ran.stdout }).toEqual({ exitCode, stdout: '' });
    expect(ran.stderr).toMatch(message);
  });

  test('Ctrl-C ends a computation, with 130', async () => {
    const before = process.listenerCount('SIGINT');
    const ending = quantum('run', WIDE, '--method', 'dense');
    while (process.listenerCount('SIGINT') === before) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    process.listeners('SIGINT').at(-1)?.('SIGINT');
    const { exitCode, stderr, stdout } = await ending;
    expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: '' });
    expect(stderr).toContain('INTERRUPTED');
    expect(process.listenerCount('SIGINT')).toBe(before);
  });

  test('a computation beyond --timeout exits 6', async () => {
    const ran = await quantum('run', WIDE, '--method', 'dense', '--timeout', '300ms');
    expect(ran.exitCode).toBe(6);
    expect(ran.stderr).toContain('QUANTUM_TIME_EXCEEDED');
  });
});
