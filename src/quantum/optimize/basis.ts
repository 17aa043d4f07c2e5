/** Sets of gates that a circuit shall be made of, and one-qubit unitaries in them. */
import { OrchestratorError } from '../../base/errors.ts';
import { findGate, type GateName } from '../circuit/gate-table.ts';
import { splitAngle } from './angle.ts';
import {
  followedBy,
  H,
  LOCAL_CLIFFORDS,
  PAULI_X,
  PAULI_Y,
  PAULI_Z,
  quarterTurns,
  S,
  SDG,
  SX,
  SXDG,
  X,
  Y,
  Z,
  type LocalClifford,
} from '../synthesis/axis.ts';
import {
  ANGLE_EPSILON,
  CLIFFORD_QUATERNIONS,
  euler,
  isSameRotation,
  type Quaternion,
} from '../synthesis/quaternion.ts';

/** A gate without its qubits. */
export interface BareGate {
  readonly name: GateName;
  readonly params: readonly number[];
}

/** A two-qubit gate: after it and the two Cliffords the controlled Pauli of these axes is done. */
export interface Entangler {
  readonly gate: BareGate;
  readonly p: number;
  readonly q: number;
  readonly fixA: LocalClifford;
  readonly fixB: LocalClifford;
}

const NAMED_CLIFFORDS: readonly (readonly [GateName, LocalClifford])[] = [
  ['x', PAULI_X],
  ['z', PAULI_Z],
  ['y', PAULI_Y],
  ['h', H],
  ['s', S],
  ['sdg', SDG],
  ['sx', SX],
  ['sxdg', SXDG],
];

const TURNING: readonly (readonly [GateName, number])[] = [
  ['rz', Z],
  ['p', Z],
  ['rx', X],
  ['ry', Y],
];

const plain = (name: GateName, ...params: number[]): BareGate => ({ name, params });

/** Brings an angle into (−π, π], and on a multiple of π/4 where rounding has moved it off. */
export function neatAngle(angle: number): number {
  const { quarters, rest } = splitAngle(angle);
  const neat = rest + (quarters * Math.PI) / 2;
  return neat > Math.PI + ANGLE_EPSILON ? neat - 2 * Math.PI : neat;
}

function isZero(angle: number): boolean {
  return Math.abs(neatAngle(angle)) < ANGLE_EPSILON;
}

function entanglersOf(names: ReadonlySet<string>): Entangler[] {
  const half = Math.PI;
  const quarter = -Math.PI / 2;
  const fixed = (p: number): LocalClifford => quarterTurns(p, 1);
  const all: readonly Entangler[] = [
    { gate: plain('cx'), p: Z, q: X, fixA: 0, fixB: 0 },
    { gate: plain('cz'), p: Z, q: Z, fixA: 0, fixB: 0 },
    { gate: plain('cy'), p: Z, q: Y, fixA: 0, fixB: 0 },
    { gate: plain('cp', half), p: Z, q: Z, fixA: 0, fixB: 0 },
    { gate: plain('crx', half), p: Z, q: X, fixA: S, fixB: 0 },
    { gate: plain('cry', half), p: Z, q: Y, fixA: S, fixB: 0 },
    { gate: plain('crz', half), p: Z, q: Z, fixA: S, fixB: 0 },
    { gate: plain('rzz', quarter), p: Z, q: Z, fixA: fixed(Z), fixB: fixed(Z) },
    { gate: plain('rxx', quarter), p: X, q: X, fixA: fixed(X), fixB: fixed(X) },
    { gate: plain('ryy', quarter), p: Y, q: Y, fixA: fixed(Y), fixB: fixed(Y) },
    { gate: plain('rzx', quarter), p: Z, q: X, fixA: fixed(Z), fixB: fixed(X) },
  ];
  const found = all.filter(({ gate }) => names.has(gate.name));
  // The first ones are plain and cheap; the others stand in where none of them is there.
  const few = found.filter(({ gate }) => gate.name === 'cx' || gate.name === 'cz');
  return few.length > 0 ? few : found;
}

function cliffordStrings(names: ReadonlySet<string>): (readonly BareGate[] | undefined)[] {
  const steps: (readonly [BareGate, LocalClifford])[] = NAMED_CLIFFORDS.filter(([name]) =>
    names.has(name),
  ).map(([name, clifford]) => [plain(name), clifford]);
  for (const [name, axis] of TURNING) {
    if (!names.has(name)) continue;
    for (const turns of [1, 2, 3]) {
      steps.push([plain(name, neatAngle((turns * Math.PI) / 2)), quarterTurns(axis, turns)]);
    }
  }
  const strings: (readonly BareGate[] | undefined)[] = new Array(LOCAL_CLIFFORDS);
  strings[0] = [];
  const queue = [0];
  for (const c of queue) {
    for (const [gate, clifford] of steps) {
      const next = followedBy(c, clifford);
      if (strings[next] !== undefined) continue;
      strings[next] = [...(strings[c] ?? []), gate];
      queue.push(next);
    }
  }
  return strings;
}

/** What a circuit may be made of. */
export class Basis {
  readonly entanglers: readonly Entangler[];
  readonly hasT: boolean;
  readonly hasTdg: boolean;
  /** Named gates where none is asked for: every run becomes one gate. */
  readonly isOpen: boolean;
  readonly names: ReadonlySet<string>;
  readonly #cliffords: (readonly BareGate[] | undefined)[];

  constructor(names: readonly string[] | null) {
    this.isOpen = names === null;
    this.names = new Set(
      names ?? [
        'h',
        's',
        'sdg',
        'x',
        'y',
        'z',
        'sx',
        'sxdg',
        't',
        'tdg',
        'rx',
        'ry',
        'rz',
        'u',
        'cx',
        'cz',
      ],
    );
    for (const name of this.names) {
      if (findGate(name) === null) {
        throw new OrchestratorError(
          'QUANTUM_BASIS_UNKNOWN_GATE',
          `a basis consists of gates of the table, got ${name}`,
          { gate: name },
        );
      }
    }
    this.entanglers = entanglersOf(this.names);
    this.hasT = this.names.has('t') || this.names.has('tdg');
    this.hasTdg = this.names.has('tdg');
    this.#cliffords = cliffordStrings(this.names);
  }

  /** Gates for a one-qubit Clifford, in time order; null where it cannot be made. */
  clifford(c: LocalClifford): readonly BareGate[] | null {
    const known = this.#cliffords[c];
    if (known !== undefined && (known.length < 2 || !this.names.has('u'))) return known;
    const general = this.#general(CLIFFORD_QUATERNIONS[c]) ?? known ?? null;
    if (general !== null) this.#cliffords[c] = general;
    return general;
  }

  /** Gates for any one-qubit unitary up to a phase, in time order; null where it cannot be made. */
  oneQubit(q: Quaternion): readonly BareGate[] | null {
    const clifford = CLIFFORD_QUATERNIONS.findIndex((c) => isSameRotation(c, q));
    return clifford >= 0 ? this.clifford(clifford) : this.#general(q);
  }

  /** A single gate for a turn about an axis; null where there is none. */
  oneTurn(axis: number, angle: number): BareGate | null {
    const found = TURNING.find(([name, about]) => about === axis && this.names.has(name));
    return found === undefined ? null : plain(found[0], neatAngle(angle));
  }

  /** Whether rotations by any angle can be made. */
  get isContinuous(): boolean {
    return this.#general([0.8, 0.36, 0.48, 0]) !== null;
  }

  /** The refusal of what cannot be made of this basis. */
  unreachable(what: string): OrchestratorError {
    const names = [...this.names].join(', ');
    return new OrchestratorError(
      'QUANTUM_BASIS_UNREACHABLE',
      `the basis must be able to make ${what}, got ${names === '' ? 'no gates' : names}`,
      { basis: names },
    );
  }

  #general(q: Quaternion): readonly BareGate[] | null {
    const { names } = this;
    const single = this.#oneTurn(q);
    if (single !== null) return single;
    if (names.has('u')) {
      const [lambda, theta, phi] = euler(q, Z, Y);
      return [plain('u', neatAngle(theta), neatAngle(phi), neatAngle(lambda))];
    }
    const z = names.has('rz') ? 'rz' : names.has('p') ? 'p' : null;
    const found: (readonly BareGate[])[] = [];
    if (z !== null && names.has('sx')) found.push(...withRoot(q, z, names.has('x')));
    if (z !== null && !names.has('sx') && names.has('h')) found.push(withHadamard(q, z));
    if (z !== null && !names.has('sx') && names.has('sxdg')) {
      found.push(...withRoot(q, z, names.has('x')).map(rootsReversed));
    }
    for (const [outer, a] of TURNING) {
      for (const [inner, b] of TURNING) {
        if (a === b || !names.has(outer) || !names.has(inner)) continue;
        const [first, second, third] = euler(q, a, b);
        const gates = [
          plain(outer, neatAngle(first)),
          plain(inner, neatAngle(second)),
          plain(outer, neatAngle(third)),
        ];
        found.push(gates.filter(({ params }) => !isZero(params[0])));
      }
    }
    found.sort((s, t) => s.length - t.length);
    return found[0] ?? null;
  }

  #oneTurn([w, x, y, z]: Quaternion): readonly BareGate[] | null {
    const parts = [
      ['rx', x, y, z],
      ['ry', y, x, z],
      ['rz', z, x, y],
      ['p', z, x, y],
    ] as const;
    for (const [name, along, s, t] of parts) {
      if (!this.names.has(name) || Math.abs(s) > ANGLE_EPSILON || Math.abs(t) > ANGLE_EPSILON)
        continue;
      return [plain(name, neatAngle(2 * Math.atan2(along, w)))];
    }
    return null;
  }
}

/** Turns about Z between square roots of X, one or two of them. */
function withRoot(q: Quaternion, z: GateName, hasX: boolean): (readonly BareGate[])[] {
  const [first, second, third] = euler(q, Z, X);
  const turn = (angle: number): BareGate[] => (isZero(angle) ? [] : [plain(z, neatAngle(angle))]);
  const root = plain('sx');
  if (isZero(second)) return [turn(first + third)];
  if (isZero(second - Math.PI)) {
    return [[...turn(first - third), ...(hasX ? [plain('x')] : [root, root])]];
  }
  if (isZero(second - Math.PI / 2)) return [[...turn(first), root, ...turn(third)]];
  if (isZero(second + Math.PI / 2)) {
    return [[...turn(first + Math.PI), root, ...turn(third + Math.PI)]];
  }
  return [1, -1].map((sign) => {
    const shift = (sign * Math.PI) / 2;
    return [
      ...turn(first + shift),
      root,
      ...turn(sign * second + Math.PI),
      root,
      ...turn(third + shift),
    ];
  });
}

/** sx between turns by π about Z is sxdg. */
function rootsReversed(gates: readonly BareGate[]): readonly BareGate[] {
  const z = gates.find(({ name }) => name === 'rz' || name === 'p')?.name ?? 'rz';
  return gates.flatMap((gate) =>
    gate.name === 'sx' ? [plain(z, Math.PI), plain('sxdg'), plain(z, Math.PI)] : [gate],
  );
}

/** Turns about Z between Hadamards. */
function withHadamard(q: Quaternion, z: GateName): readonly BareGate[] {
  const [first, second, third] = euler(q, Z, X);
  const turn = (angle: number): BareGate[] => (isZero(angle) ? [] : [plain(z, neatAngle(angle))]);
  return [...turn(first), plain('h'), ...turn(second), plain('h'), ...turn(third)];
}
