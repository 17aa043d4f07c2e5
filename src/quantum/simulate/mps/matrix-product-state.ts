import { OrchestratorError } from '../../../base/errors.ts';
import type { Rng } from '../../../base/rng.ts';
import { zeros, type ComplexMatrix } from '../../linear/complex-matrix.ts';
import { throwIfCanceled, UNWATCHED, type Watch } from '../../watch.ts';
import type { Distribution, ExactState } from '../exact-state.ts';
import { actionQubits, gateAction, wholeMatrix } from '../gate-action.ts';
import { drawOutcomes } from '../draw-outcomes.ts';
import type { UnitaryPart } from '../../circuit/operation.ts';
import type { Outcomes } from '../simulated-state.ts';
import { chainDistribution, drawFromChain } from './chain-outcomes.ts';
import { SiteChain, type Site } from './site-chain.ts';

export const BOND_MAX_DEFAULT = 64;

/** Most qubits of one gate: a block of that many sites is joined. */
const GATE_QUBITS_MAX = 8;

/** Shots from which the exact distribution is worth its listing. */
const SHOTS_LISTED_MIN = 256;

/** Outcomes that a distribution may have before its listing is given up; some 100 ms at small bonds. */
const OUTCOMES_LISTED_MAX = 2 ** 16;

export interface MpsOptions {
  /** Most singular values kept at a bond; default 64. */
  readonly bondMax?: number;
  /** Qubit of each site at first; default by number. Neighbours that interact should be near. */
  readonly order?: readonly number[];
}

/** Bytes of a state whose bonds are all at most `bond`, and of joining two of its sites. */
export function mpsBytes(qubits: number, bond: number): number {
  const largest = (site: number): number => Math.min(bond, 2 ** Math.min(site, qubits - site, 50));
  let entries = 12 * bond * bond;
  for (let site = 0; site < qubits; site++) entries += 2 * largest(site) * largest(site + 1);
  return 16 * entries;
}

/** A matrix product state; exact while no bond has reached its bound. */
export class MatrixProductState implements ExactState {
  readonly qubits: number;
  readonly #chain: SiteChain;
  /** Qubit of each site, and site of each qubit. */
  readonly #qubitAt: number[];
  readonly #siteOf: number[];

  private constructor(chain: SiteChain, order: readonly number[]) {
    this.qubits = order.length;
    this.#chain = chain;
    this.#qubitAt = [...order];
    this.#siteOf = [];
    for (const [site, qubit] of order.entries()) this.#siteOf[qubit] = site;
  }

  /** |0…0⟩. */
  static create(qubits: number, options: MpsOptions = {}): MatrixProductState {
    const order = options.order ?? Array.from({ length: qubits }, (_, q) => q);
    return new MatrixProductState(
      new SiteChain(qubits, options.bondMax ?? BOND_MAX_DEFAULT),
      order,
    );
  }

  copy(): MatrixProductState {
    return new MatrixProductState(this.#chain.copy(), this.#qubitAt);
  }

  /** Largest bond now. */
  get bond(): number {
    return this.#chain.bond;
  }

  truncationError(): number {
    return Math.max(0, 1 - this.#chain.fidelity);
  }

  /** @throws OrchestratorError QUANTUM_TOO_LARGE for gates on more than eight qubits */
  applyAll(operations: readonly UnitaryPart[], watch: Watch): void {
    for (const [i, operation] of operations.entries()) {
      throwIfCanceled(watch);
      if (operation.kind !== 'global-phase') {
        const action = gateAction(operation);
        this.#apply(wholeMatrixOf(action), actionQubits(action), watch);
      }
      watch.progress(i / operations.length);
    }
  }

  #apply(matrix: ComplexMatrix, qubits: readonly number[], watch: Watch): void {
    const count = qubits.length;
    const first = this.#gather(qubits, watch);
    const block = this.#chain.joined(first, count, watch);
    const sites = qubits.map((qubit) => this.#siteOf[qubit] - first);
    // The first site of a block is the most significant bit of its state.
    const bits = sites.map((site) => count - 1 - site);
    this.#chain.split(first, count, applyToBlock(matrix, bits, block), watch);
  }

  /** Brings qubits side by side by swaps; the first of their sites. */
  #gather(qubits: readonly number[], watch: Watch): number {
    const sites = qubits.map((qubit) => this.#siteOf[qubit]).toSorted((a, b) => a - b);
    // Around the middle one, so that few steps are made.
    const middle = sites.length >> 1;
    const center = sites[middle];
    for (let k = middle - 1; k >= 0; k--) {
      for (let site = sites[k]; site < center - (middle - k); site++) {
        this.#swap(site, watch);
      }
    }
    for (let k = middle + 1; k < sites.length; k++) {
      for (let site = sites[k]; site > center + (k - middle); site--) {
        this.#swap(site - 1, watch);
      }
    }
    return center - middle;
  }

  #swap(site: number, watch: Watch): void {
    throwIfCanceled(watch);
    const block = this.#chain.joined(site, 2, watch);
    this.#chain.split(site, 2, applyToBlock(SWAP, [1, 0], block), watch);
    const [a, b] = [this.#qubitAt[site], this.#qubitAt[site + 1]];
    [this.#qubitAt[site], this.#qubitAt[site + 1]] = [b, a];
    [this.#siteOf[a], this.#siteOf[b]] = [site + 1, site];
  }

  probabilityOfOne(qubit: number, watch: Watch = UNWATCHED): number {
    const { re, im, right } = this.#centered(qubit, watch);
    let [zero, one] = [0, 0];
    for (let i = 0; i < re.length; i++) {
      const weight = re[i] * re[i] + im[i] * im[i];
      if ((Math.floor(i / right) & 1) === 1) one += weight;
      else zero += weight;
    }
    return one / (zero + one);
  }

  collapse(qubit: number, outcome: 0 | 1, watch: Watch = UNWATCHED): void {
    const one = this.probabilityOfOne(qubit, watch);
    const scale = 1 / Math.sqrt(outcome === 1 ? one : 1 - one);
    const site = this.#centered(qubit, watch);
    const keep = (part: Float64Array): Float64Array =>
      part.map((x, i) => ((Math.floor(i / site.right) & 1) === outcome ? x * scale : 0));
    const collapsed = { ...site, re: keep(site.re), im: keep(site.im) };
    this.#chain.setCenter(this.#siteOf[qubit], collapsed);
    this.#chain.compress(watch);
  }

  #centered(qubit: number, watch: Watch): Site {
    const site = this.#siteOf[qubit];
    this.#chain.moveCenter(site, watch);
    return this.#chain.sites[site];
  }

  distribution(
    qubits: readonly number[],
    countMax: number,
    watch: Watch = UNWATCHED,
  ): Distribution | null {
    this.#chain.moveCenter(0, watch);
    const listed = Math.min(countMax, OUTCOMES_LISTED_MAX);
    return chainDistribution(this.#chain.sites, this.#places(qubits), listed, watch);
  }

  sample(qubits: readonly number[], shots: number, rng: Rng, watch: Watch = UNWATCHED): Outcomes {
    if (shots >= SHOTS_LISTED_MIN) {
      const listed = this.distribution(qubits, shots, watch);
      if (listed !== null) return drawOutcomes(listed, shots, rng);
    }
    this.#chain.moveCenter(0, watch);
    return drawFromChain(this.#chain.sites, this.#places(qubits), shots, { rng, watch });
  }

  /** Place in an outcome of each site's qubit, −1 where it is not asked for. */
  #places(qubits: readonly number[]): readonly number[] {
    const places = new Array<number>(this.qubits).fill(-1);
    for (const [k, qubit] of qubits.entries()) places[this.#siteOf[qubit]] = k;
    return places;
  }
}

function wholeMatrixOf(action: Parameters<typeof wholeMatrix>[0]): ComplexMatrix {
  const count = action.targets.length + action.controls.length;
  if (count > GATE_QUBITS_MAX) {
    throw new OrchestratorError(
      'QUANTUM_TOO_LARGE',
      `gates of the mps method must have at most ${GATE_QUBITS_MAX} qubits, got ${count}: try the sparse method`,
      { gateQubits: count, gateQubitsMax: GATE_QUBITS_MAX },
    );
  }
  return wholeMatrix(action);
}

const SWAP: ComplexMatrix = {
  rows: 4,
  columns: 4,
  re: Float64Array.of(1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1),
  im: new Float64Array(16),
};

/** Adds a run of entries times a factor. */
function addRun(
  { re, im }: ComplexMatrix,
  to: number,
  block: ComplexMatrix,
  run: {
    readonly from: number;
    readonly right: number;
    readonly factor: readonly [number, number];
  },
): void {
  const { from, right } = run;
  const [mr, mi] = run.factor;
  for (let k = 0; k < right; k++) {
    re[to + k] += mr * block.re[from + k] - mi * block.im[from + k];
    im[to + k] += mr * block.im[from + k] + mi * block.re[from + k];
  }
}

/** A gate on a block of sites; bit k of its row's number is bit `bits[k]` of the block's state. */
function applyToBlock(
  matrix: ComplexMatrix,
  bits: readonly number[],
  block: ComplexMatrix,
): ComplexMatrix {
  const size = matrix.rows;
  const right = block.columns / size;
  const place = Array.from({ length: size }, (_, local) =>
    bits.reduce((sum, bit, k) => sum + (((local >>> k) & 1) << bit), 0),
  );
  const result = zeros(block.rows, block.columns);
  for (let entry = 0; entry < size * size; entry++) {
    const factor = [matrix.re[entry], matrix.im[entry]] as const;
    if (factor[0] === 0 && factor[1] === 0) continue;
    const [r, c] = [Math.floor(entry / size), entry % size];
    for (let left = 0; left < block.rows; left++) {
      const row = left * block.columns;
      addRun(result, row + place[r] * right, block, {
        from: row + place[c] * right,
        right,
        factor,
      });
    }
  }
  return result;
}
