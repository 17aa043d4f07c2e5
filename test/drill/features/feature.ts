/** One feature of the product under drill: the load its users make, and what must hold of it afterwards. */
import type { DrillUser } from '../world/drill-user.ts';
import type { Evidence, Proof } from '../proofs/proof.ts';

export interface Feature {
  readonly name: string;
  /** Works until `user.isOver`, and leaves nothing closed behind: no pause, no kill, no question. */
  readonly load: (user: DrillUser) => Promise<void>;
  /** Looks at log and journal alone, by means of its own: core's are what is on trial. */
  readonly prove: (evidence: Evidence) => readonly Proof[];
}
