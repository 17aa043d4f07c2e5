/** How amplitudes interfere after each feedback, besides the rotation that it makes. Angles in radians. */
export interface Interference {
  /** Turn of the agent's phase for an advantage of 1: better ones lag behind, which the mixer amplifies. */
  readonly phase: number;
  /** Angle of the Grover mixer about the prior, over all feedbacks of as many as are available. */
  readonly mixer: number;
}
