/** The kill switch: trees, agents and namespaces. */
import type { KillView } from '../contract/index.ts';
import type { Command, CoreState } from '../core/index.ts';
import type { CommandLoop } from './command-loop.ts';
import { throwIfRefused } from './refusal.ts';
import { treeKillView } from './tree-views.ts';
import { iso } from './views.ts';

export interface KillServiceParts {
  readonly state: CoreState;
  readonly loop: CommandLoop;
}

export type KillKind = 'tree' | 'agent' | 'namespace';

export class KillService {
  readonly #parts: KillServiceParts;

  constructor(parts: KillServiceParts) {
    this.#parts = parts;
  }

  /**
   * Stops something; resolves when that is durable. The last tasks of a large tree end shortly after.
   *
   * @throws OrchestratorError `TASK_NOT_FOUND`, `TASK_FINISHED`, `AGENT_NOT_FOUND`
   */
  async kill(
    kind: KillKind,
    target: string,
    { by = null, reason }: { readonly reason: string; readonly by?: string | null },
  ): Promise<void> {
    await this.#propose({ type: `${kind}.kill`, target, reason, by });
  }

  /** @throws OrchestratorError `NOT_KILLED` */
  async restore(kind: 'agent' | 'namespace', target: string): Promise<void> {
    await this.#propose({ type: `${kind}.restore`, target });
  }

  /**
   * Cancels a task and all that came from it.
   *
   * @throws OrchestratorError `TASK_NOT_FOUND`, `TASK_FINISHED`
   */
  async cancelTree(target: string, reason: string): Promise<void> {
    await this.#propose({ type: 'tree.cancel', target, reason });
  }

  /** Everything that is stopped. O(trees). */
  list(): KillView[] {
    const { kills, trees } = this.#parts.state.records;
    const stopped = [...kills.values()].map(({ at, by, kind, reason, target }): KillView => ({
      kind,
      target,
      reason,
      by,
      at: iso(at),
    }));
    for (const tree of trees.values()) {
      if (tree.kill !== null) stopped.push(treeKillView(tree, tree.kill));
    }
    return stopped;
  }

  async #propose(command: Command): Promise<void> {
    throwIfRefused(await this.#parts.loop.propose(command));
  }
}
