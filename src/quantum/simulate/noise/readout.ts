/** How a qubit's reading goes wrong. */
export interface ReadoutError {
  /** Probability that 0 is read as 1. */
  readonly zeroAsOne: number;
  /** Probability that 1 is read as 0. */
  readonly oneAsZero: number;
}

/** The error of each qubit's readings, or null where they are right. */
export type Readout = (qubit: number) => ReadoutError | null;

/** Every reading is right. */
export const EXACT_READOUT: Readout = () => null;
