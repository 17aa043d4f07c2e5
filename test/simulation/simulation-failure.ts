/** A promise that a run saw broken. */
export class SimulationFailure extends Error {
  /** Which one, in a few words that stay the same from seed to seed. */
  readonly rule: string;

  constructor(rule: string, detail: string, options?: ErrorOptions) {
    super(`${rule}: ${detail}`, options);
    this.name = 'SimulationFailure';
    this.rule = rule;
  }
}

/** Throws unless `holds`; `detail` is worded only then. */
export function require(holds: boolean, rule: string, detail: () => string): asserts holds {
  if (!holds) throw new SimulationFailure(rule, detail());
}
