/**
 * Many shots of a Clifford circuit with Pauli errors: each shot is a Pauli string, its difference from
 * one reference run, and 32 shots share a word.
 *
 * Source: Gidney, "Stim: a fast stabilizer circuit simulator", Quantum 5 (2021), 497, §3. What a
 * stabilizer leaves open is drawn by multiplying with a random Z before and after every reading.
 */
import type { Rng } from '../../../base/rng.ts';
import { evaluate, isTrue } from '../../circuit/evaluate.ts';
import { throwIfCanceled, type Watch } from '../../watch.ts';
import { uniform } from '../../linear/random-unitary.ts';
import type { PauliError } from '../noise/pauli-mixture.ts';
import type { ReadoutError } from '../noise/readout.ts';
import type { OutcomeCounts } from '../outcome-counts.ts';
import type { FramePauli, FrameStep } from './frame-program.ts';
import type { ReferenceSample } from './reference-sample.ts';

/** Words of shots that go through the circuit together; small enough that frames stay in cache. */
const BATCH_WORDS = 64;
const STEPS_BETWEEN_LOOKS = 4096;

export interface FrameSampling {
  readonly qubits: number;
  /** Bits of the circuit. */
  readonly bits: number;
  /** Those that make up an outcome; all that steps write or read are among them. */
  readonly outcomeBits: readonly number[];
  readonly steps: readonly FrameStep[];
  readonly reference: ReferenceSample;
}

/** Draws `shots` runs into `counts`, whose bits are the outcome's. */
export function sampleFrames(
  sampling: FrameSampling,
  shots: number,
  { rng, counts, watch }: { rng: Rng; counts: OutcomeCounts; watch: Watch },
): void {
  const batch = new FrameBatch(sampling, rng);
  const batchShots = 32 * BATCH_WORDS;
  for (let done = 0; done < shots; done += batchShots) {
    batch.run(watch);
    counts.addColumns(batch.records, BATCH_WORDS, Math.min(batchShots, shots - done));
    watch.progress(Math.min(1, (done + batchShots) / shots));
  }
}

class FrameBatch {
  /** Word w of the outcome's bit b is at b × BATCH_WORDS + w. */
  readonly records: Uint32Array;
  readonly #sampling: FrameSampling;
  /** Where the record of each of the circuit's bits starts. */
  readonly #recordOf: Int32Array;
  readonly #rng: Rng;
  readonly #x: Uint32Array;
  readonly #z: Uint32Array;
  /** Truth of a condition by the bits that it reads, for each conditional step. */
  readonly #truths = new Map<FrameStep, Map<number, boolean>>();

  constructor(sampling: FrameSampling, rng: Rng) {
    this.#sampling = sampling;
    this.#rng = rng;
    this.#x = new Uint32Array(sampling.qubits * BATCH_WORDS);
    this.#z = new Uint32Array(sampling.qubits * BATCH_WORDS);
    this.records = new Uint32Array(sampling.outcomeBits.length * BATCH_WORDS);
    this.#recordOf = new Int32Array(sampling.bits);
    for (const [k, bit] of sampling.outcomeBits.entries()) this.#recordOf[bit] = k * BATCH_WORDS;
  }

  run(watch: Watch): void {
    const { steps, reference } = this.#sampling;
    this.#x.fill(0);
    for (let i = 0; i < this.#z.length; i++) this.#z[i] = this.#rng.u32();
    this.records.fill(0);
    let measured = 0;
    let conditions = 0;
    for (const [i, step] of steps.entries()) {
      if (i % STEPS_BETWEEN_LOOKS === 0) throwIfCanceled(watch);
      if (step.kind === 'measure') this.#measure(step, reference.outcomes[measured++]);
      else if (step.kind === 'conditional') {
        this.#conditional(step, reference.conditions[conditions++]);
      } else this.#step(step);
    }
  }

  #step(step: Exclude<FrameStep, { kind: 'measure' | 'conditional' }>): void {
    switch (step.kind) {
      case 'h':
        exchange(this.#x, this.#z, step.qubit, step.qubit);
        break;
      case 's':
        add(this.#z, step.qubit, this.#x, step.qubit);
        break;
      case 'cx':
        add(this.#x, step.b, this.#x, step.a);
        add(this.#z, step.a, this.#z, step.b);
        break;
      case 'cz':
        add(this.#z, step.b, this.#x, step.a);
        add(this.#z, step.a, this.#x, step.b);
        break;
      case 'swap':
        exchange(this.#x, this.#x, step.a, step.b);
        exchange(this.#z, this.#z, step.a, step.b);
        break;
      case 'clifford':
        this.#clifford(step);
        break;
      case 'reset':
        this.#x.fill(0, step.qubit * BATCH_WORDS, (step.qubit + 1) * BATCH_WORDS);
        this.#randomize(step.qubit);
        break;
      default:
        this.#errors(step.qubits, step.errors);
    }
  }

  #randomize(qubit: number): void {
    const start = qubit * BATCH_WORDS;
    for (let w = 0; w < BATCH_WORDS; w++) this.#z[start + w] = this.#rng.u32();
  }

  #clifford({ qubits, forward }: Extract<FrameStep, { kind: 'clifford' }>): void {
    const count = qubits.length;
    const x = new Uint32Array(count * BATCH_WORDS);
    const z = new Uint32Array(count * BATCH_WORDS);
    for (let generator = 0; generator < 2 * count; generator++) {
      const source = generator < count ? this.#x : this.#z;
      const image = forward[generator];
      for (let k = 0; k < count; k++) {
        if ((image.x >>> k) & 1) add(x, k, source, qubits[generator % count]);
        if ((image.z >>> k) & 1) add(z, k, source, qubits[generator % count]);
      }
    }
    for (const [k, qubit] of qubits.entries()) {
      this.#x.set(x.subarray(k * BATCH_WORDS, (k + 1) * BATCH_WORDS), qubit * BATCH_WORDS);
      this.#z.set(z.subarray(k * BATCH_WORDS, (k + 1) * BATCH_WORDS), qubit * BATCH_WORDS);
    }
  }

  #measure(step: Extract<FrameStep, { kind: 'measure' }>, outcome: 0 | 1): void {
    const from = step.qubit * BATCH_WORDS;
    const to = this.#recordOf[step.bit];
    const flip = outcome === 1 ? 0xffffffff : 0;
    for (let w = 0; w < BATCH_WORDS; w++) this.records[to + w] = this.#x[from + w] ^ flip;
    this.#randomize(step.qubit);
    if (step.readout !== null) this.#misread(to, step.readout);
  }

  #misread(to: number, { zeroAsOne, oneAsZero }: ReadoutError): void {
    const truth = this.records.slice(to, to + BATCH_WORDS);
    const flipWhere = (probability: number, value: 0 | 1): void =>
      this.#eachHit(probability, (shot) => {
        const bit = 1 << (shot & 31);
        if (((truth[shot >>> 5] & bit) !== 0) === (value === 1)) {
          this.records[to + (shot >>> 5)] ^= bit;
        }
      });
    flipWhere(zeroAsOne, 0);
    flipWhere(oneAsZero, 1);
  }

  /** Calls `hit` for each shot of the batch with a probability, in time proportional to the hits. */
  #eachHit(probability: number, hit: (shot: number) => void): void {
    if (probability <= 0) return;
    const shots = 32 * BATCH_WORDS;
    if (probability >= 1) {
      for (let shot = 0; shot < shots; shot++) hit(shot);
      return;
    }
    const scale = 1 / Math.log1p(-probability);
    let shot = -1;
    for (;;) {
      shot += 1 + Math.floor(Math.log(1 - uniform(this.#rng)) * scale);
      if (shot >= shots) return;
      hit(shot);
    }
  }

  #errors(qubits: readonly number[], errors: readonly PauliError[]): void {
    const total = errors.reduce((sum, { probability }) => sum + probability, 0);
    this.#eachHit(total, (shot) => {
      let rest = uniform(this.#rng) * total;
      let i = 0;
      while (i < errors.length - 1 && (rest -= errors[i].probability) >= 0) i++;
      const { x, z } = errors[i];
      const bit = 1 << (shot & 31);
      for (let k = 0; k < qubits.length; k++) {
        const at = qubits[k] * BATCH_WORDS + (shot >>> 5);
        if ((x >>> k) & 1) this.#x[at] ^= bit;
        if ((z >>> k) & 1) this.#z[at] ^= bit;
      }
    });
  }

  /** A shot differs where the branch that it takes and the reference's branch do. */
  #conditional(step: Extract<FrameStep, { kind: 'conditional' }>, reference: boolean): void {
    const differs = new Uint32Array(BATCH_WORDS);
    for (let shot = 0; shot < 32 * BATCH_WORDS; shot++) {
      if (this.#truth(step, shot) !== reference) differs[shot >>> 5] |= 1 << (shot & 31);
    }
    const flip = ({ x, z }: FramePauli): void => {
      for (const qubit of x) add(this.#x, qubit, differs, 0);
      for (const qubit of z) add(this.#z, qubit, differs, 0);
    };
    flip(step.then);
    flip(step.otherwise);
  }

  #truth(step: Extract<FrameStep, { kind: 'conditional' }>, shot: number): boolean {
    let key = 0;
    for (const bit of step.bits) {
      key = 2 * key + ((this.records[this.#recordOf[bit] + (shot >>> 5)] >>> (shot & 31)) & 1);
    }
    let truths = this.#truths.get(step);
    if (truths === undefined) this.#truths.set(step, (truths = new Map()));
    let truth = step.bits.length <= 50 ? truths.get(key) : undefined;
    if (truth === undefined) {
      const bits = new Uint8Array(this.#sampling.bits);
      for (const bit of step.bits) {
        bits[bit] = (this.records[this.#recordOf[bit] + (shot >>> 5)] >>> (shot & 31)) & 1;
      }
      truth = isTrue(evaluate(step.condition, { bits, values: [], variables: [] }));
      if (truths.size < 65_536) truths.set(key, truth);
    }
    return truth;
  }
}

function add(target: Uint32Array, to: number, source: Uint32Array, from: number): void {
  const [t, s] = [to * BATCH_WORDS, from * BATCH_WORDS];
  for (let w = 0; w < BATCH_WORDS; w++) target[t + w] ^= source[s + w];
}

function exchange(one: Uint32Array, other: Uint32Array, a: number, b: number): void {
  const [s, t] = [a * BATCH_WORDS, b * BATCH_WORDS];
  for (let w = 0; w < BATCH_WORDS; w++) {
    const kept = one[s + w];
    one[s + w] = other[t + w];
    other[t + w] = kept;
  }
}
