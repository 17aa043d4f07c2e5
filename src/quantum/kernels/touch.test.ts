import { expect, test } from 'vitest';
import type { KernelTeam } from './kernel-team.ts';
import type { Precision } from './kernels.ts';
import { wasmApi } from './wasm-api.ts';
import { openArena } from './wasm-arena.ts';
import { WasmKernels } from './wasm-kernels.ts';

const PAGE_BYTES = 4096;

/** A team whose helpers do nothing: the caller does all, share by share. */
function loneTeam(onShare: (kernel: string) => void): KernelTeam {
  return {
    size: 2,
    newMemory: (pages) => {
      const api = wasmApi();
      if (api === null) throw new Error('this platform has no WebAssembly');
      return new api.Memory({ initial: pages, maximum: pages, shared: true });
    },
    run: ({ kernel, units, unitsPerTurn }, work, turn) => {
      for (let from = 0; from < units; from += unitsPerTurn) {
        work(from, Math.min(units, from + unitsPerTurn));
        onShare(kernel);
        turn();
      }
    },
  };
}

function zerosIn(values: ArrayLike<number>): number[] {
  return Array.from(values).flatMap((value, k) => (value === 0 ? [k] : []));
}

test.each<[Precision, boolean]>([
  ['f64', false],
  ['f64', true],
  ['f32', false],
  ['f32', true],
])(
  'new memory in %s is asked for once a page, and nowhere else (shared: %s)',
  (precision, isShared) => {
    const shares: string[] = [];
    const team = isShared ? loneTeam((kernel) => shares.push(kernel)) : null;
    const arena = openArena({ qubits: precision === 'f64' ? 18 : 19, precision, team });
    if (arena === null) throw new Error('this platform has no WebAssembly SIMD');
    const { im, re } = arena.amplitudes;
    const all = new Uint8Array(arena.memory.buffer);
    all.fill(255, re.byteOffset);
    let turns = 0;
    new WasmKernels(arena, team).touch(() => turns++);
    for (const part of [re, im]) {
      const words = new BigUint64Array(arena.memory.buffer, part.byteOffset, part.byteLength / 8);
      const perPage = PAGE_BYTES / 8;
      const expected = Array.from(
        { length: part.byteLength / PAGE_BYTES },
        (_, page) => page * perPage,
      );
      expect(zerosIn(Array.from(words, Number))).toEqual(expected);
    }
    expect(all.subarray(im.byteOffset + im.byteLength).includes(0)).toBe(false);
    expect(turns).toBeGreaterThanOrEqual(1);
    expect(new Set(shares)).toEqual(new Set(isShared ? ['touch'] : []));
    if (isShared) expect(shares.length).toBeGreaterThanOrEqual(8);
  },
);

test('parts smaller than what is asked for at once are left alone', () => {
  const arena = openArena({ qubits: 4, precision: 'f64', team: null });
  if (arena === null) throw new Error('this platform has no WebAssembly SIMD');
  arena.amplitudes.re.fill(1);
  new WasmKernels(arena, null).touch(() => undefined);
  expect(arena.amplitudes.re.every((value) => value === 1)).toBe(true);
});
