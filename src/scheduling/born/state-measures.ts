import type { ChanceMeasures, Sampled } from './chance.ts';

/** Of a Born state: how much it has learned. */
export interface StateMeasures {
  /** Shannon entropy of the Born distribution over all members, in bits. */
  readonly entropyBits: number;
  /** |⟨τ|ψ⟩|² with the state τ of amplitudes √(prior share). */
  readonly targetFidelity: number;
}

/** Of what a strategy has learned of its members. */
export interface LearnedMeasures extends StateMeasures {
  readonly members: number;
  /** Ends of attempts that were learned from. */
  readonly attempts: number;
  /** What both measures would be if all members served equally well; null while too little was heard. */
  readonly byChance: ChanceMeasures | null;
}

/** The same, and what chance has to be told to say what it would have made of them. */
export interface SampledMeasures extends StateMeasures, Sampled {
  /** Sum of the priors of all members. */
  readonly priorTotal: number;
}

/** Of masses and priors one after the other: what the measures are made of. */
export class StateSums {
  #count = 0;
  #mass = 0;
  #prior = 0;
  #overlap = 0;
  #massLogs = 0;
  #priorLogs = 0;
  #priorSquares = 0;

  add(mass: number, prior: number): void {
    this.#count += 1;
    this.#mass += mass;
    this.#prior += prior;
    this.#overlap += Math.sqrt(mass * prior);
    if (mass > 0) this.#massLogs += mass * Math.log(mass);
    const log = Math.log(prior);
    this.#priorLogs += prior * log;
    this.#priorSquares += prior * log * log;
  }

  /** Where these are some of `size`, as if the others were like them. */
  measures(size: number): SampledMeasures | null {
    if (!(this.#mass > 0)) return null;
    const times = size / this.#count;
    const meanLog = this.#priorLogs / this.#prior;
    return {
      entropyBits:
        Math.max(0, Math.log(this.#mass * times) - this.#massLogs / this.#mass) / Math.LN2,
      targetFidelity: Math.min(1, this.#overlap ** 2 / (this.#mass * this.#prior)),
      priors: {
        entropy: Math.max(0, Math.log(this.#prior * times) - meanLog),
        variance: Math.max(0, this.#priorSquares / this.#prior - meanLog ** 2),
      },
      priorTotal: this.#prior * times,
      size,
      samples: this.#count,
    };
  }
}
