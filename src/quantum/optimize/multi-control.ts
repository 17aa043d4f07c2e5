/** Gates under any number of controls, taken apart into rotations and controlled Paulis. */
import { baseMatrix, type BaseName } from '../circuit/gate-table.ts';
import type { Control } from '../circuit/operation.ts';
import { H, PAULI_X, S, SDG, X, Y, Z, type LocalClifford } from '../synthesis/axis.ts';
import type { GateSink } from '../synthesis/gate-sink.ts';
import { fromMatrix, phaseOf } from '../synthesis/quaternion.ts';

/** Controls up to which a phase is spread over all parities; beyond, Toffolis on borrowed qubits cost less. */
const GRAY_CONTROLS_MAX = 7;

/** A base gate of the table under controls. */
export interface ControlledGate {
  readonly base: BaseName;
  readonly params: readonly number[];
  readonly targets: readonly number[];
  readonly controls: readonly Control[];
}

/** e^{−i·angle/2·Z} on the target where all controls are 1: 2^controls controlled Paulis, in Gray order. */
function grayRotation(
  sink: GateSink,
  controls: readonly number[],
  target: number,
  angle: number,
): void {
  const steps = 2 ** controls.length;
  // At step i the target holds its parity with the controls in i's Gray code.
  for (let i = 0; i < steps; i++) {
    const gray = i ^ (i >> 1);
    let ones = 0;
    for (let k = 0; k < controls.length; k++) ones += (gray >> k) & 1;
    sink.rotate(target, Z, (ones % 2 === 0 ? angle : -angle) / steps);
    const flipped = i === steps - 1 ? controls.length - 1 : 31 - Math.clz32((i + 1) & -(i + 1));
    sink.controlledPauli(controls[flipped], Z, target, X);
  }
}

/** X on the target where all controls are 1, borrowing any other qubits (Barenco et al. 1995, §7). */
function flipWith(
  sink: GateSink,
  controls: readonly number[],
  target: number,
  borrowed: readonly number[],
): void {
  const count = controls.length;
  if (count <= 2 || borrowed.length === 0) {
    if (count === 1) sink.controlledPauli(controls[0], Z, target, X);
    else {
      sink.local(target, H);
      phaseOnAll(sink, [...controls, target], Math.PI);
      sink.local(target, H);
    }
    return;
  }
  if (borrowed.length >= count - 2) {
    flipChain(sink, controls, target, borrowed.slice(0, count - 2));
    return;
  }
  // With one borrowed qubit (Lemma 7.3): twice two halves, each of which can borrow the other half.
  const spare = borrowed[0];
  const half = Math.ceil(count / 2);
  const low = controls.slice(0, half);
  const high = [...controls.slice(half), spare];
  for (let k = 0; k < 2; k++) {
    flipWith(sink, low, spare, [...controls.slice(half), target]);
    flipWith(sink, high, target, low);
  }
}

/** Lemma 7.2: a ladder of Toffolis through as many borrowed qubits as needed, there and back, twice. */
function flipChain(
  sink: GateSink,
  controls: readonly number[],
  target: number,
  borrowed: readonly number[],
): void {
  const path = [...borrowed, target];
  const top = path.length - 1;
  const toffoli = (k: number): void => {
    // Rung k flips path[k] by control k + 1 and what is below it.
    const below = k === 0 ? controls[0] : path[k - 1];
    if (k === top) flipWith(sink, [below, controls[k + 1]], path[k], []);
    else flipUpToSign(sink, below, controls[k + 1], path[k]);
  };
  for (let round = 0; round < 2; round++) {
    for (let k = top - round; k > 0; k--) toffoli(k);
    toffoli(0);
    for (let k = 1; k <= top - round; k++) toffoli(k);
  }
}

/** A Toffoli but for a sign of one state, at half the cost (Margolus); its own inverse. */
function flipUpToSign(sink: GateSink, first: number, second: number, target: number): void {
  const turns = [1, 1, -1, -1];
  const controls = [second, first, second];
  turns.forEach((sign, k) => {
    sink.rotate(target, Y, (sign * Math.PI) / 4);
    if (k < 3) sink.controlledPauli(controls[k], Z, target, X);
  });
}

/** e^{−i·angle/2·Z} on the target where all controls are 1. */
function controlledRotation(
  sink: GateSink,
  controls: readonly number[],
  target: number,
  angle: number,
): void {
  if (controls.length <= GRAY_CONTROLS_MAX) {
    if (controls.length === 0) sink.rotate(target, Z, angle);
    else grayRotation(sink, controls, target, angle);
    return;
  }
  // The last control is borrowed by the flip of the others; two flips undo each other between halves.
  const last = controls[controls.length - 1];
  const others = controls.slice(0, -1);
  for (const sign of [1, -1]) {
    controlledRotation(sink, [last], target, (sign * angle) / 2);
    flipWith(sink, others, target, [last]);
  }
}

/** Multiplies the state where all qubits are 1 by e^{i·angle}. */
export function phaseOnAll(sink: GateSink, qubits: readonly number[], angle: number): void {
  const isFlipped = angle === Math.PI && sink.isReversed?.() === true;
  spreadPhase(sink, qubits, isFlipped ? -angle : angle);
}

function spreadPhase(sink: GateSink, qubits: readonly number[], angle: number): void {
  const controls = qubits.slice(0, -1);
  const target = qubits[qubits.length - 1];
  controlledRotation(sink, controls, target, angle);
  if (controls.length > 0) spreadPhase(sink, controls, angle / 2);
}

/** e^{−i·angle/2·P} under controls. */
function rotateUnder(
  sink: GateSink,
  controls: readonly number[],
  [target, axis]: readonly [number, number],
  angle: number,
): void {
  aboutAxis(sink, [target, axis], () => {
    controlledRotation(sink, controls, target, angle);
  });
}

/** e^{−i·angle/2·P⊗Q} under controls: the pair's parity is brought to the second qubit. */
function rotatePairUnder(
  sink: GateSink,
  controls: readonly number[],
  [first, p, second, q]: readonly [number, number, number, number],
  angle: number,
): void {
  const across = q === X ? Z : X;
  sink.controlledPauli(first, p, second, across);
  rotateUnder(sink, controls, [second, q], angle);
  sink.controlledPauli(first, p, second, across);
}

/** Phase gates e^{i·angle} on 1, about an axis: x, y, z, s, t, sx and p under controls are all of these. */
function phaseAbout(base: BaseName, params: readonly number[]): readonly [number, number] | null {
  const turns: Partial<Record<BaseName, readonly [number, number]>> = {
    x: [X, Math.PI],
    y: [Y, Math.PI],
    z: [Z, Math.PI],
    s: [Z, Math.PI / 2],
    sdg: [Z, -Math.PI / 2],
    t: [Z, Math.PI / 4],
    tdg: [Z, -Math.PI / 4],
    sx: [X, Math.PI / 2],
    sxdg: [X, -Math.PI / 2],
    p: [Z, params[0]],
  };
  return turns[base] ?? null;
}

/** Applies `inner`, which acts about Z, about another axis. */
function aboutAxis(
  sink: GateSink,
  [target, axis]: readonly [number, number],
  inner: () => void,
): void {
  const steps: readonly (readonly [LocalClifford, LocalClifford])[] =
    axis === Z
      ? []
      : axis === X
        ? [[H, H]]
        : [
            [SDG, S],
            [H, H],
          ];
  for (const [before] of steps) sink.local(target, before);
  inner();
  for (const [, after] of steps.toReversed()) sink.local(target, after);
}

/** Any one-qubit unitary under controls, its phase included: one controlled turn about its own axis. */
function lowerGeneral(sink: GateSink, controls: readonly number[], gate: ControlledGate): void {
  const target = gate.targets[0];
  const matrix = baseMatrix(gate.base, gate.params);
  const [w, x, y, z] = fromMatrix(matrix);
  const polar = Math.atan2(Math.hypot(x, y), z);
  const azimuth = Math.atan2(y, x);
  sink.rotate(target, Z, -azimuth);
  sink.rotate(target, Y, -polar);
  controlledRotation(sink, controls, target, 2 * Math.atan2(Math.hypot(x, y, z), w));
  sink.rotate(target, Y, polar);
  sink.rotate(target, Z, azimuth);
  phaseOnAll(sink, controls, phaseOf(matrix));
}

function lowerTwoTargets(sink: GateSink, controls: readonly number[], gate: ControlledGate): void {
  const [a, b] = gate.targets;
  const angle = gate.params[0];
  switch (gate.base) {
    case 'swap':
      sink.controlledPauli(b, Z, a, X);
      aboutAxis(sink, [b, X], () => {
        phaseOnAll(sink, [...controls, a, b], Math.PI);
      });
      sink.controlledPauli(b, Z, a, X);
      return;
    case 'iswap':
      rotatePairUnder(sink, controls, [a, X, b, X], -Math.PI / 2);
      rotatePairUnder(sink, controls, [a, Y, b, Y], -Math.PI / 2);
      return;
    case 'rxx':
      rotatePairUnder(sink, controls, [a, X, b, X], angle);
      return;
    case 'ryy':
      rotatePairUnder(sink, controls, [a, Y, b, Y], angle);
      return;
    case 'rzx':
      rotatePairUnder(sink, controls, [a, Z, b, X], angle);
      return;
    default:
      rotatePairUnder(sink, controls, [a, Z, b, Z], angle);
  }
}

/** Appends a gate under one or more controls, its phase on the controls included. */
export function lowerMultiControlled(sink: GateSink, gate: ControlledGate): void {
  const { base, params, targets, controls } = gate;
  const qubits = controls.map(({ qubit }) => qubit);
  const negated = controls.filter(({ value }) => value === 0).map(({ qubit }) => qubit);
  for (const qubit of negated) sink.local(qubit, PAULI_X);
  const phase = phaseAbout(base, params);
  const axes: Partial<Record<BaseName, number>> = { rx: X, ry: Y, rz: Z };
  const turned = axes[base];
  if (targets.length === 2) lowerTwoTargets(sink, qubits, gate);
  else if (phase !== null) {
    const [axis, angle] = phase;
    aboutAxis(sink, [targets[0], axis], () => {
      phaseOnAll(sink, [...qubits, targets[0]], angle);
    });
  } else if (turned !== undefined) rotateUnder(sink, qubits, [targets[0], turned], params[0]);
  else if (base !== 'id') lowerGeneral(sink, qubits, gate);
  for (const qubit of negated) sink.local(qubit, PAULI_X);
}
