/**
 * Dense circuits side by side with other simulators, in one run on one machine.
 *
 *   node bench/quantum-peers.ts [--quick]
 *
 * `walls`: H on every qubit, a chain of CX, T and H on every qubit; `qft`: the Fourier transform of a basis state, without its swaps. npm
 * `quantum-circuit` and `qsharp-lang` are development dependencies; libquantum, the one native simulator
 * among Debian's packages (libquantum-dev), is measured where it and gcc are installed, and named where not.
 * Times are the least of three or more; Q# reads and checks its program in each.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isQuick, ROOT } from './harness/report.ts';

const LIMIT_MS = isQuick() ? 15_000 : 60_000;
const SIZES = isQuick() ? [12, 16] : [12, 16, 18, 20];
const PEERS = [
  'one-thread',
  'two-threads',
  'quantum-circuit',
  'qsharp-lang',
  'libquantum',
] as const;

type Peer = (typeof PEERS)[number];

const folder = mkdtempSync(path.join(tmpdir(), 'uqo-bench-'));
const native = path.join(folder, 'libquantum');

function hasNative(): boolean {
  const source = path.join(ROOT, 'bench', 'workers', 'libquantum.c');
  const compiler = process.env['CC'] ?? 'gcc';
  const args = ['-O2', '-fopenmp', '-o', native, source, '-lquantum', '-lm'];
  return spawnSync(compiler, args, { stdio: 'ignore' }).status === 0;
}

/** Least of three runs, or null for none within the limit. */
function measure(peer: Peer, name: string, qubits: number): number | null {
  const worker = path.join(ROOT, 'bench', 'workers', 'quantum-peer.ts');
  const isNative = peer === 'libquantum';
  const [command, args]: [string, string[]] = isNative
    ? [native, [name, String(qubits)]]
    : [process.execPath, [worker, peer, name, String(qubits)]];
  let least = Infinity;
  for (let run = 0; run < (isNative ? 5 : 1); run++) {
    const options = {
      encoding: 'utf8',
      timeout: LIMIT_MS,
      env: { ...process.env, OMP_NUM_THREADS: '1' },
    } as const;
    const done = spawnSync(command, args, options);
    const ms = done.status === 0 ? Number(done.stdout.trim().split('\n').at(-1)) : Number.NaN;
    if (!(ms >= 0)) return null;
    least = Math.min(least, ms);
  }
  return least;
}

const peers = PEERS.filter((peer) => peer !== 'libquantum' || hasNative());
console.log(`Milliseconds; – is no answer within ${LIMIT_MS / 1000} s.\n`);
console.log(
  `| case | qubits | ${peers.join(' | ')} |\n|---|---:|${peers.map(() => '---:|').join('')}`,
);
for (const name of ['walls', 'qft']) {
  const isOut = new Set<Peer>();
  for (const qubits of SIZES) {
    const cells = peers.map((peer) => {
      const ms = isOut.has(peer) ? null : measure(peer, name, qubits);
      // What was too slow here is slower still for more qubits.
      if (ms === null) isOut.add(peer);
      return ms === null ? '–' : ms.toFixed(ms < 10 ? 2 : 0);
    });
    console.log(`| ${name} | ${qubits} | ${cells.join(' | ')} |`);
  }
}
if (!peers.includes('libquantum')) {
  console.log('\nNo native simulator: libquantum-dev and gcc are not installed.');
}
rmSync(folder, { recursive: true, force: true });
