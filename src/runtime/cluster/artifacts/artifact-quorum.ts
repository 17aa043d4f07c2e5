/** Waits until a majority of the voters has an artifact on its disks. */
import { isOrchestratorError, messageOf, OrchestratorError } from '../../../base/errors.ts';
import type { ArtifactFacts } from '../../../store/index.ts';
import type { Clock } from '../../clock.ts';
import { encode, isUnknownQuestion, TAKE_ARTIFACT } from './artifact-questions.ts';

export interface ArtifactQuorumOptions {
  /** This node's. */
  readonly nodeId: string;
  readonly clock: Clock;
  /** Who votes; two sets while members are being changed, and then a majority of each counts. */
  readonly voters: () => readonly (readonly string[])[];
  readonly ask: (
    to: string,
    kind: number,
    body: Uint8Array,
    timeoutMs: number,
  ) => Promise<Uint8Array>;
  /** Longest wait for an empty artifact. Default 30 s; each 4 MiB add a second. */
  readonly waitMsMax?: number;
}

const WAIT_MS_MAX = 30_000;
const BYTES_PER_WAITED_MS = 4 * 1024;
/** Pause before a node that could not take it is asked again, in milliseconds. */
const AGAIN_MS = 250;

export class ArtifactQuorum {
  readonly #options: ArtifactQuorumOptions;

  constructor(options: ArtifactQuorumOptions) {
    this.#options = options;
  }

  /**
   * Has the other voters take copies; resolves once a majority, this node counted, has it. The others go on meanwhile.
   *
   * @throws OrchestratorError `ARTIFACT_NOT_COPIED` when that takes too long: it is kept here, and may be kept elsewhere
   */
  async reached(facts: ArtifactFacts): Promise<void> {
    const { clock, nodeId, voters } = this.#options;
    const waitMs = (this.#options.waitMsMax ?? WAIT_MS_MAX) + facts.bytes / BYTES_PER_WAITED_MS;
    const endMs = clock.monotonicMs() + waitMs;
    const have = new Set([nodeId]);
    const failures = new Map<string, string>();
    const isReached = (): boolean => voters().every((set) => hasMajority(set, have));
    if (isReached()) return;
    const outcome = Promise.withResolvers<boolean>();
    const cancel = clock.setTimer(Math.ceil(waitMs), () => outcome.resolve(false));
    const others = new Set(
      voters()
        .flat()
        .filter((id) => id !== nodeId),
    );
    let isOver = false;
    const give = async (to: string): Promise<void> => {
      while (!isOver && clock.monotonicMs() < endMs) {
        const failure = await this.#give(to, facts, endMs - clock.monotonicMs());
        if (failure === null) {
          have.add(to);
          if (isReached()) outcome.resolve(true);
          return;
        }
        failures.set(to, failure);
        await new Promise<void>((resolve) => void clock.setTimer(AGAIN_MS, resolve));
      }
    };
    for (const to of others) give(to).catch(outcome.reject);
    const isDone = await outcome.promise;
    isOver = true;
    cancel();
    if (isDone) return;
    const why = [...failures].map(([id, failure]) => `${id}: ${failure}`).join('; ');
    throw new OrchestratorError(
      'ARTIFACT_NOT_COPIED',
      `a majority of the nodes must have artifact ${facts.id} within ${Math.ceil(waitMs)} ms, got ${[...have].join(', ')}${why === '' ? '' : ` (${why})`}`,
      { id: facts.id },
    );
  }

  /** Null once it is there; otherwise why it is not. */
  async #give(to: string, facts: ArtifactFacts, timeoutMs: number): Promise<string | null> {
    try {
      await this.#options.ask(to, TAKE_ARTIFACT, encode(facts), Math.max(1, Math.ceil(timeoutMs)));
      return null;
    } catch (error) {
      if (!isOrchestratorError(error)) throw error;
      // A node of the release before takes no copies: while a cluster is upgraded it promises what it did before.
      return isUnknownQuestion(error) ? null : messageOf(error);
    }
  }
}

function hasMajority(voters: readonly string[], have: ReadonlySet<string>): boolean {
  return voters.filter((id) => have.has(id)).length * 2 > voters.length || voters.length === 0;
}
