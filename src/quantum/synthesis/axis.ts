/**
 * Pauli axes and the 24 one-qubit Cliffords, as small integers and tables.
 *
 * An axis is X = 1, Z = 2 or Y = 3 (bit 0: flips, bit 1: signs); 0 is the identity. Two axes
 * anticommute where both are set and differ. A signed axis carries its minus as the bit `NEGATIVE`.
 */
import { invariant } from '../../base/invariant.ts';

export const X = 1;
export const Z = 2;
export const Y = 3;
/** The bit of a signed axis that says minus. */
export const NEGATIVE = 4;

/** At 4p + q: +1 where P·Q = i·R for the third axis R, −1 where P·Q = −i·R, 0 where they commute. */
export const HANDEDNESS: Int8Array = (() => {
  const table = new Int8Array(16);
  for (const [p, q] of [
    [X, Y],
    [Y, Z],
    [Z, X],
  ] as const) {
    table[4 * p + q] = 1;
    table[4 * q + p] = -1;
  }
  return table;
})();

/** 1 where the axes anticommute, at 4p + q. */
export const ANTICOMMUTE: Uint8Array = Uint8Array.from(HANDEDNESS, (h) => h * h);

/** Number of a one-qubit Clifford, 0 … 23; 0 is the identity. */
export type LocalClifford = number;

export const LOCAL_CLIFFORDS = 24;

/** What c†·P·c is, for P = X, Z, Y in this order: signed axes. */
type Images = readonly [x: number, z: number, y: number];

function imageOf(images: Images, signed: number): number {
  const axis = signed & 3;
  return (images[axis === X ? 0 : axis === Z ? 1 : 2] ^ (signed & NEGATIVE)) >>> 0;
}

/** e^{−i·turns·π/4·P}: anticommuting Q becomes HANDEDNESS(Q, P)·R. */
function turnImages(axis: number, turns: number): Images {
  const turned = (q: number): number => {
    if (q === axis || turns === 0) return q;
    if (turns === 2) return q | NEGATIVE;
    const sign = HANDEDNESS[4 * q + axis] * (turns === 1 ? 1 : -1);
    return (q ^ axis) | (sign < 0 ? NEGATIVE : 0);
  };
  return [turned(X), turned(Z), turned(Y)];
}

const HADAMARD: Images = [Z, X, Y | NEGATIVE];

function chain(earlier: Images, later: Images): Images {
  return [
    imageOf(earlier, imageOf(later, X)),
    imageOf(earlier, imageOf(later, Z)),
    imageOf(earlier, imageOf(later, Y)),
  ];
}

const GROUP: readonly Images[] = (() => {
  const found: Images[] = [[X, Z, Y]];
  const keys = new Set([found[0].join()]);
  for (const element of found) {
    for (const generator of [HADAMARD, turnImages(Z, 1)]) {
      const next = chain(element, generator);
      if (keys.has(next.join())) continue;
      keys.add(next.join());
      found.push(next);
    }
  }
  invariant(found.length === LOCAL_CLIFFORDS, 'H and S generate 24 one-qubit Cliffords');
  return found;
})();

function indexOf(images: Images): LocalClifford {
  const key = images.join();
  return GROUP.findIndex((element) => element.join() === key);
}

/** c†·P·c as a signed axis, at 4c + P. */
export const IMAGE: Uint8Array = Uint8Array.from(
  GROUP.flatMap((images) => [0, images[0], images[1], images[2]]),
);

const PRODUCTS: Uint8Array = Uint8Array.from(
  GROUP.flatMap((earlier) => GROUP.map((later) => indexOf(chain(earlier, later)))),
);

/** The Clifford that does `earlier` and then `later`. */
export function followedBy(earlier: LocalClifford, later: LocalClifford): LocalClifford {
  return PRODUCTS[LOCAL_CLIFFORDS * earlier + later];
}

/** The Clifford that undoes each, by its number. */
export const INVERSE: Uint8Array = Uint8Array.from(GROUP, (_, c) => {
  for (let d = 0; d < LOCAL_CLIFFORDS; d++) if (followedBy(c, d) === 0) return d;
  return 0;
});

const TURNS: Uint8Array = Uint8Array.from(
  [0, X, Z, Y].flatMap((axis) =>
    [0, 1, 2, 3].map((turns) => (axis === 0 ? 0 : indexOf(turnImages(axis, turns)))),
  ),
);

/** e^{−i·turns·π/4·P}, the rotation about an axis by `turns` quarters of a circle. */
export function quarterTurns(axis: number, turns: number): LocalClifford {
  const row = axis === X ? 1 : axis === Z ? 2 : 3;
  return TURNS[4 * row + (turns & 3)];
}

export const H: LocalClifford = indexOf(HADAMARD);
export const S: LocalClifford = quarterTurns(Z, 1);
export const SDG: LocalClifford = quarterTurns(Z, 3);
export const PAULI_X: LocalClifford = quarterTurns(X, 2);
export const PAULI_Y: LocalClifford = quarterTurns(Y, 2);
export const PAULI_Z: LocalClifford = quarterTurns(Z, 2);
export const SX: LocalClifford = quarterTurns(X, 1);
export const SXDG: LocalClifford = quarterTurns(X, 3);
