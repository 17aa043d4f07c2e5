/** What gates are lowered into. */
export interface GateSink {
  /** A one-qubit Clifford, by its number. */
  local(qubit: number, clifford: number): void;
  /** e^{−i·angle/2·P} */
  rotate(qubit: number, axis: number, angle: number): void;
  /** ½(1 + P) + ½(1 − P)·Q */
  controlledPauli(first: number, p: number, second: number, q: number): void;
  swap(first: number, second: number): void;
  /** Whether a half turn under controls goes the other way round: the same gate, other T in it. */
  readonly isReversed?: () => boolean;
}
