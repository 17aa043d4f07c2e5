import type { CoreState } from '../core/index.ts';

/** Who waits until a large submit that was accepted has become tasks. */
export class StageWaits {
  readonly #waits = new Map<string, () => void>();

  /** Resolves when the submit is no longer on its way, or nothing goes on any more. */
  wait(stageId: string): Promise<void> {
    return new Promise((resolve) => this.#waits.set(stageId, resolve));
  }

  /** Tells those whose submits are whole. Costs a look while nobody waits. */
  look(state: CoreState): void {
    if (this.#waits.size === 0) return;
    for (const [stageId, resolve] of this.#waits) {
      const stage = state.records.stages.get(stageId);
      if (stage !== undefined) continue;
      this.#waits.delete(stageId);
      resolve();
    }
  }

  close(): void {
    for (const resolve of this.#waits.values()) resolve();
    this.#waits.clear();
  }
}
