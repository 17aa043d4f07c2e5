/**
 * Runs a program over all its branches: where an outcome is open, the run divides.
 *
 * Shots that agree so far share one state, and exact probabilities come from the same walk. Of two
 * branches the smaller goes first, on a copy: at most log₂ of the shots are alive at once.
 */
import { OrchestratorError } from '../../../base/errors.ts';
import { invariant } from '../../../base/invariant.ts';
import type { Rng } from '../../../base/rng.ts';
import type { Variable } from '../../circuit/classical.ts';
import {
  convert,
  evaluate,
  storeBits,
  isTrue,
  type ClassicalValue,
} from '../../circuit/evaluate.ts';
import { throwIfCanceled, type Watch } from '../../watch.ts';
import { drawBinomial } from '../../states/draw-binomial.ts';
import type { ExactState } from '../exact-state.ts';
import type { Readout } from '../noise/readout.ts';
import { OutcomeCounts, pack } from '../outcome-counts.ts';
import { wordsFor } from '../packed-table.ts';
import { krausOperation, krausProbabilities } from './kraus-branches.ts';
import type { Instruction } from './program.ts';
import { misreadDistribution, misreadOutcomes } from './misread.ts';

/** Outcomes of lower probability are taken for impossible. */
const PROBABILITY_MIN = 1e-13;
/** Branches of lower weight are left out of exact probabilities. */
const WEIGHT_MIN = 1e-15;
const STEPS_BETWEEN_LOOKS = 256;
const OUTCOMES_BETWEEN_LOOKS = 2 ** 12;

/** What is run, and what it may cost. */
export interface WalkedProgram {
  readonly instructions: readonly Instruction[];
  readonly bits: number;
  readonly variables: readonly Variable[];
  /** |0…0⟩. */
  readonly create: () => ExactState;
  readonly readout: Readout;
  /** Bits that make up an outcome, its bit 0 first. */
  readonly outcomeBits: readonly number[];
  /** Most operations of one branch. */
  readonly stepsMax: number;
  /** Most states besides the first that fit. */
  readonly copiesMax: number;
  /** Whether states are density matrices, which take channels and resets without drawing. */
  readonly isMixed: boolean;
}

/** Instructions at the beginning that no outcome has a part in. */
function prefixLength(instructions: readonly Instruction[], isMixed: boolean): number {
  const first = instructions.findIndex(
    (instruction) =>
      !(
        instruction.kind === 'unitaries' ||
        (instruction.kind === 'measure' && instruction.isDeferred) ||
        (isMixed && (instruction.kind === 'channel' || instruction.kind === 'reset'))
      ),
  );
  return first < 0 ? instructions.length : first;
}

interface Branch {
  readonly state: ExactState;
  readonly bits: Uint8Array;
  readonly values: ClassicalValue[];
  /** Qubits to be read at the end, and their bits. */
  readonly pending: { readonly qubit: number; readonly bit: number }[];
  place: number;
  /** Shots, or weight. */
  share: number;
  steps: number;
}

/** Divides a branch's share among outcomes. */
type Divide = (share: number, probabilities: readonly number[]) => readonly number[];

const X = { kind: 'gate', name: 'x', params: [], controls: [] } as const;

export class TreeWalk {
  readonly #program: WalkedProgram;
  readonly #watch: Watch;
  readonly #placeOf: Int32Array;
  #divide: Divide = () => [];
  #leaf: (branch: Branch) => boolean = () => false;
  #branches = 0;
  /** Steps of any branch since the last look at the watch. */
  #stepsUnwatched = 0;
  #alive = 0;
  readonly #prefixLength: number;
  /** Where all branches part, kept where there is room. */
  #base: Branch | null = null;

  constructor(program: WalkedProgram, watch: Watch) {
    this.#program = program;
    this.#watch = watch;
    this.#prefixLength = prefixLength(program.instructions, program.isMixed);
    this.#placeOf = new Int32Array(program.bits).fill(-1);
    for (const [place, bit] of program.outcomeBits.entries()) this.#placeOf[bit] = place;
  }

  /** Whether the program ends in one state, whatever is read. */
  get hasOneState(): boolean {
    return this.#prefixLength === this.#program.instructions.length;
  }

  /** The state before the first operation whose outcome is open. */
  commonState(): ExactState {
    this.#base ??= this.#begin();
    return this.#base.state;
  }

  /** Largest truncation error of a branch's state at its end. */
  truncationError = 0;

  /**
   * Weights of all outcomes, or null where there are more than `outcomesMax`, or more than
   * `branchesMax` branches, or no room for their states.
   */
  weights(branchesMax: number, outcomesMax: number): OutcomeCounts | null {
    const weights = new OutcomeCounts(this.#program.outcomeBits.length, outcomesMax + 1);
    this.#divide = (share, probabilities) =>
      probabilities.map((p) => (share * p < WEIGHT_MIN ? 0 : share * p));
    this.#leaf = (branch) =>
      ++this.#branches <= branchesMax && this.#addWeights(branch, weights, outcomesMax);
    this.#branches = 0;
    return this.#run(this.#start(1)) ? weights : null;
  }

  /** Draws shots into `counts`. */
  draw(shots: number, rng: Rng, counts: OutcomeCounts): void {
    this.#divide = (share, probabilities) => divided(share, probabilities, rng);
    let done = 0;
    this.#leaf = (branch) => {
      this.#addShots(branch, rng, counts);
      done += branch.share;
      this.#watch.progress(done / shots);
      return true;
    };
    const depth = Math.ceil(Math.log2(shots + 1));
    const isShared = this.hasOneState || this.#program.copiesMax > depth;
    const runs = isShared ? 1 : shots;
    for (let run = 0; run < runs; run++) {
      const isWhole = this.#run(this.#start(isShared ? shots : 1));
      invariant(
        isWhole,
        'no shot is lost: there is room for every branch of those that go together',
      );
    }
  }

  /** A branch behind what all of them share. */
  #start(share: number): Branch {
    this.#alive = 0;
    if (this.#base === null) {
      const branch = this.#begin();
      // A base and a branch are two states: with room for one, every branch starts anew.
      if (!this.hasOneState && this.#program.copiesMax < 1) return { ...branch, share };
      this.#base = branch;
    }
    const { state, bits, values, pending } = this.#base;
    return {
      ...this.#base,
      state: this.hasOneState ? state : state.copy(this.#watch),
      bits: bits.slice(),
      values: [...values],
      pending: [...pending],
      share,
    };
  }

  #begin(): Branch {
    const { create, bits, variables, instructions } = this.#program;
    const branch: Branch = {
      state: create(),
      bits: new Uint8Array(bits),
      values: variables.map(({ initial, type }) => convert(initial, type)),
      pending: [],
      place: 0,
      share: 1,
      steps: 0,
    };
    while (branch.place < this.#prefixLength) {
      const instruction = instructions[branch.place++];
      this.#count(branch, instruction);
      this.#execute(branch, instruction);
    }
    return branch;
  }

  /** Runs a branch to its end, and those that leave it; false once the walk has been given up. */
  #run(branch: Branch): boolean {
    const { instructions } = this.#program;
    while (branch.place < instructions.length) {
      const instruction = instructions[branch.place];
      this.#count(branch, instruction);
      branch.place++;
      if (!this.#execute(branch, instruction)) return false;
    }
    this.truncationError = Math.max(this.truncationError, branch.state.truncationError?.() ?? 0);
    return this.#leaf(branch);
  }

  #count(branch: Branch, instruction: Instruction): void {
    const { stepsMax } = this.#program;
    const steps = instruction.kind === 'unitaries' ? instruction.operations.length : 1;
    branch.steps += steps;
    this.#stepsUnwatched += steps;
    if (branch.steps > stepsMax) {
      throw new OrchestratorError(
        'QUANTUM_STEPS_EXCEEDED',
        `one run must take at most ${stepsMax} operations, got more: a loop may never end`,
        { stepsMax },
      );
    }
    if (this.#stepsUnwatched < STEPS_BETWEEN_LOOKS) return;
    this.#stepsUnwatched = 0;
    throwIfCanceled(this.#watch);
  }

  #execute(branch: Branch, instruction: Instruction): boolean {
    const { state, bits, values } = branch;
    const memory = { bits, values, variables: this.#program.variables };
    switch (instruction.kind) {
      case 'unitaries':
        state.applyAll(instruction.operations, this.#watch);
        return true;
      case 'measure':
        if (instruction.isDeferred) branch.pending.push(instruction);
        return instruction.isDeferred || this.#measure(branch, instruction);
      case 'reset':
        return this.#reset(branch, instruction.qubit);
      case 'channel':
        return this.#channel(branch, instruction);
      case 'assign': {
        const { type } = this.#program.variables[instruction.variable];
        values[instruction.variable] = convert(evaluate(instruction.value, memory), type);
        return true;
      }
      case 'store':
        storeBits(evaluate(instruction.value, memory), instruction.bits, bits);
        return true;
      case 'jump-unless':
        if (!isTrue(evaluate(instruction.condition, memory))) branch.place = instruction.target;
        return true;
      case 'jump':
        branch.place = instruction.target;
        return true;
      default:
        branch.place = this.#program.instructions.length;
        return true;
    }
  }

  #measure(branch: Branch, { qubit, bit }: { qubit: number; bit: number }): boolean {
    const one = certain(branch.state.probabilityOfOne(qubit, this.#watch));
    const error = this.#program.readout(qubit);
    const [wrongZero, wrongOne] = error === null ? [0, 0] : [error.zeroAsOne, error.oneAsZero];
    // What is read, then what is true.
    const probabilities = [
      (1 - one) * (1 - wrongZero),
      one * wrongOne,
      (1 - one) * wrongZero,
      one * (1 - wrongOne),
    ];
    return this.#split(branch, probabilities, (child, k) => {
      if (one > 0 && one < 1) child.state.collapse(qubit, (k & 1) as 0 | 1, this.#watch);
      child.bits[bit] = k >>> 1;
    });
  }

  #reset(branch: Branch, qubit: number): boolean {
    const { state } = branch;
    if (state.reset !== undefined) {
      state.reset(qubit);
      return true;
    }
    const one = certain(state.probabilityOfOne(qubit, this.#watch));
    return this.#split(branch, [1 - one, one], (child, k) => {
      if (one > 0 && one < 1) child.state.collapse(qubit, k as 0 | 1, this.#watch);
      if (k === 1) child.state.applyAll([{ ...X, qubits: [qubit] }], this.#watch);
    });
  }

  #channel(branch: Branch, step: Extract<Instruction, { kind: 'channel' }>): boolean {
    const { channel, qubits } = step;
    const { state } = branch;
    if (state.applyChannel !== undefined) {
      state.applyChannel(channel, qubits, this.#watch);
      return true;
    }
    const probabilities = krausProbabilities(state, channel, qubits, this.#watch).map((p) =>
      p < PROBABILITY_MIN ? 0 : p,
    );
    return this.#split(branch, probabilities, (child, k) => {
      const operation = krausOperation(channel, k, probabilities[k], qubits);
      child.state.applyAll([operation], this.#watch);
    });
  }

  /** Sends shares of a branch on each outcome; the largest stays with the branch itself. */
  #split(
    branch: Branch,
    probabilities: readonly number[],
    act: (branch: Branch, outcome: number) => void,
  ): boolean {
    const shares = this.#divide(branch.share, probabilities);
    const order = shares.flatMap((share, k) => (share > 0 ? [k] : []));
    order.sort((a, b) => shares[a] - shares[b]);
    const last = order.pop();
    for (const k of order) {
      // The base takes one place.
      if (this.#alive + 1 >= this.#program.copiesMax) return false;
      this.#alive++;
      const child: Branch = {
        ...branch,
        state: branch.state.copy(this.#watch),
        bits: branch.bits.slice(),
        values: [...branch.values],
        pending: [...branch.pending],
        share: shares[k],
      };
      act(child, k);
      if (!this.#run(child)) return false;
      this.#alive--;
    }
    // Nothing is left only where every outcome was below the least weight.
    if (last === undefined) {
      branch.place = Infinity;
      branch.share = 0;
      return true;
    }
    branch.share = shares[last];
    act(branch, last);
    return true;
  }

  /** The outcome that a branch's bits make, those pending left 0. */
  #outcome({ bits, pending }: Branch): Uint32Array {
    const { outcomeBits } = this.#program;
    const outcome = new Uint32Array(wordsFor(outcomeBits.length));
    for (const [place, bit] of outcomeBits.entries()) {
      if (bits[bit] === 1) outcome[place >>> 5] |= 1 << (place & 31);
    }
    for (const { bit } of pending) {
      const place = this.#placeOf[bit];
      outcome[place >>> 5] &= ~(1 << (place & 31));
    }
    return outcome;
  }

  #setPending({ pending }: Branch, outcome: Uint32Array, read: Uint32Array, at: number): void {
    for (const [k, { bit }] of pending.entries()) {
      const place = this.#placeOf[bit];
      const value = (read[at + (k >>> 5)] >>> (k & 31)) & 1;
      const mask = 1 << (place & 31);
      outcome[place >>> 5] = (outcome[place >>> 5] & ~mask) | (value === 1 ? mask : 0);
    }
  }

  #addWeights(branch: Branch, weights: OutcomeCounts, outcomesMax: number): boolean {
    const { pending, share } = branch;
    if (share === 0) return true;
    const outcome = this.#outcome(branch);
    if (pending.length === 0) {
      weights.add(outcome, 0, share);
      return weights.size <= outcomesMax;
    }
    const qubits = pending.map(({ qubit }) => qubit);
    const exact = branch.state.distribution(qubits, outcomesMax, this.#watch);
    const read =
      exact && misreadDistribution(exact, qubits.map(this.#program.readout), outcomesMax);
    if (read === null) return false;
    for (const [i, p] of read.probabilities.entries()) {
      if (i % OUTCOMES_BETWEEN_LOOKS === 0) throwIfCanceled(this.#watch);
      this.#setPending(branch, outcome, read.keys, i * read.words);
      weights.add(outcome, 0, share * p);
      if (weights.size > outcomesMax) return false;
    }
    return true;
  }

  #addShots(branch: Branch, rng: Rng, counts: OutcomeCounts): void {
    const { pending, share, state } = branch;
    const outcome = this.#outcome(branch);
    if (pending.length === 0) {
      counts.add(outcome, 0, share);
      return;
    }
    const qubits = pending.map(({ qubit }) => qubit);
    const words = wordsFor(qubits.length);
    const errors = qubits.map(this.#program.readout);
    if (state.sampleInto !== undefined && errors.every((error) => error === null)) {
      const drawn = new OutcomeCounts(qubits.length, counts.outcomesMax);
      state.sampleInto(qubits, share, { rng, counts: drawn, watch: this.#watch });
      const { keys } = drawn.table;
      for (let i = 0; i < drawn.size; i++) {
        this.#setPending(branch, outcome, keys, i * words);
        counts.add(outcome, 0, drawn.counts[i]);
        if (i % OUTCOMES_BETWEEN_LOOKS === 0) throwIfCanceled(this.#watch);
      }
      return;
    }
    const key = new Uint32Array(words);
    const drawn = state.sample(qubits, share, rng, this.#watch);
    const read = misreadOutcomes(drawn, errors, rng);
    let done = 0;
    for (const [value, count] of read) {
      if (done++ % OUTCOMES_BETWEEN_LOOKS === 0) throwIfCanceled(this.#watch);
      pack(value, key, 0, words);
      this.#setPending(branch, outcome, key, 0);
      counts.add(outcome, 0, count);
    }
  }
}

/** A probability without its rounding where it is as good as 0 or 1. */
function certain(probability: number): number {
  if (probability < PROBABILITY_MIN) return 0;
  return probability > 1 - PROBABILITY_MIN ? 1 : probability;
}

/** A multinomial draw as a few binomial ones. */
function divided(shots: number, probabilities: readonly number[], rng: Rng): readonly number[] {
  let rest = probabilities.reduce((sum, p) => sum + p, 0);
  let left = shots;
  return probabilities.map((p, k) => {
    const isLast = probabilities.slice(k + 1).every((later) => later <= 0);
    const count = isLast ? left : drawBinomial(left, Math.min(1, p / rest), rng);
    rest -= p;
    left -= count;
    return count;
  });
}
