/**
 * Splits matrices on one qubit into a phase, a real rotation and a phase.
 *
 * Arithmetic on real numbers is half of that on complex ones, and the phases of a layer of gates are two
 * passes however many qubits they are on; so this pays from a few gates a layer.
 */
import { bitCount } from '../kernels/kernel-step.ts';
import { zeros } from '../linear/complex-matrix.ts';
import { isReal, qubitsOf, type Item, type OneItem } from './dense-item.ts';

/** Complex matrices of a layer from which splitting them is faster. */
const LAYER_MIN = 4;
/** Rounding that a product of gates may have gathered. */
const UNITARY_TOLERANCE = 1e-10;

/** The items with every split that pays; `factor` takes what remains for the whole state. */
export function splitRotations(
  items: readonly Item[],
  qubits: number,
  factor: (re: number, im: number) => void,
): Item[] {
  const layers = layersOf(items, qubits);
  const counts: number[] = [];
  for (const [k, item] of items.entries()) {
    if (isSplittable(item)) counts[layers[k]] = (counts[layers[k]] ?? 0) + 1;
  }
  const result: Item[] = [];
  for (const [k, item] of items.entries()) {
    if (isSplittable(item) && counts[layers[k]] >= LAYER_MIN) split(item, result, factor);
    else result.push(item);
  }
  return result;
}

/** For each item, how many matrices on one qubit lead up to it. */
function layersOf(items: readonly Item[], qubits: number): Int32Array {
  const reached = new Int32Array(qubits);
  return Int32Array.from(items, (item) => {
    if (item.kind === 'one') return ++reached[item.target];
    const mask = qubitsOf(item);
    if (bitCount(mask) < 2) return 0;
    let most = 0;
    for (let rest = mask; rest !== 0; rest &= rest - 1) {
      most = Math.max(most, reached[31 - Math.clz32(rest & -rest)]);
    }
    for (let rest = mask; rest !== 0; rest &= rest - 1) {
      reached[31 - Math.clz32(rest & -rest)] = most;
    }
    return most;
  });
}

/** True for a complex unitary; what projects or damps stays whole. */
function isSplittable(item: Item): item is OneItem {
  if (item.kind !== 'one' || isReal(item.matrix)) return false;
  const { re, im } = item.matrix;
  const norm = (k: number): number => re[k] ** 2 + im[k] ** 2;
  const overlapRe = re[0] * re[1] + im[0] * im[1] + re[2] * re[3] + im[2] * im[3];
  const overlapIm = re[0] * im[1] - im[0] * re[1] + re[2] * im[3] - im[2] * re[3];
  return (
    Math.abs(norm(0) + norm(2) - 1) < UNITARY_TOLERANCE &&
    Math.abs(norm(1) + norm(3) - 1) < UNITARY_TOLERANCE &&
    Math.abs(overlapRe) + Math.abs(overlapIm) < UNITARY_TOLERANCE &&
    norm(0) > UNITARY_TOLERANCE &&
    norm(2) > UNITARY_TOLERANCE
  );
}

/** U = g · diag(1, p) · [[c, −s], [s, c]] · diag(1, q) with c = |U₀₀| and s = |U₁₀|. */
function split(
  { matrix: { im, re }, target }: OneItem,
  result: Item[],
  factor: (re: number, im: number) => void,
): void {
  const c = Math.hypot(re[0], im[0]);
  const s = Math.hypot(re[2], im[2]);
  const g = [re[0] / c, im[0] / c] as const;
  const mask = 1 << target;
  // Both are divided by g, that is multiplied by its conjugate.
  const q = overUnit(-re[1] / s, -im[1] / s, g);
  const p = overUnit(re[2] / s, im[2] / s, g);
  const rotation = zeros(2);
  rotation.re.set([c, -s, s, c]);
  result.push({ kind: 'phase', mask, re: q[0], im: q[1] });
  result.push({ kind: 'one', target, matrix: rotation });
  result.push({ kind: 'phase', mask, re: p[0], im: p[1] });
  factor(g[0], g[1]);
}

function overUnit(
  re: number,
  im: number,
  [gr, gi]: readonly [number, number],
): readonly [re: number, im: number] {
  const x = re * gr + im * gi;
  const y = im * gr - re * gi;
  const length = Math.hypot(x, y);
  return [x / length, y / length];
}
