/** Clients of production nodes: submit tasks under keys, look at them anywhere, cancel some, and wait for their end. */
import type { TaskOutcome } from '../../../src/contract/index.ts';
import type { Runtime } from '../../../src/runtime/index.ts';
import type { Chance } from '../kernel/chance.ts';
import { require } from '../simulation-failure.ts';
import type { Workload } from '../stack/run-cluster-seed.ts';
import type { Reply, StackCluster } from '../stack/stack-cluster.ts';
import type { NodeChecker } from './node-checker.ts';
import type { RuntimeNode } from './runtime-node.ts';
import type { Standing } from './task-model.ts';

type TaskId = Parameters<Runtime['tasks']['get']>[0];

const AGAIN_MEAN_US = 30_000;
const WAIT_MS = 700;
const DELAY_MS_MAX = 300;

export class NodeClients implements Workload {
  readonly #cluster: StackCluster<RuntimeNode>;
  readonly #checker: NodeChecker;
  readonly #chance: Chance;
  /** Tasks that anybody was told of, newest last. */
  readonly #tasks: { readonly key: string; readonly taskId: TaskId }[] = [];
  #isStopped = false;
  #working = 0;
  #keys = 0;
  #guess: string | null = null;

  constructor(cluster: StackCluster<RuntimeNode>, checker: NodeChecker) {
    const { plan, simulation } = cluster;
    this.#cluster = cluster;
    this.#checker = checker;
    this.#chance = simulation.chance.fork('clients');
    for (let client = 0; client < plan.clients; client += 1) {
      this.#live().catch((error: unknown) => cluster.break(error));
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  get isIdle(): boolean {
    return this.#working === 0;
  }

  probe(): void {
    this.#follow().catch((error: unknown) => this.#cluster.break(error));
  }

  /** Every task that ended did so on every node, with the result that was told before. */
  compare(): void {
    for (const node of this.#cluster.members() ?? []) {
      if (!node.isUp) continue;
      for (const { taskId } of this.#tasks) {
        const how = this.#checker.ended.get(taskId);
        const outcome = node.node.runtime.tasks.outcome(taskId);
        require(how === outcome?.state, 'B5 a node forgets how a task ended', () =>
          `${node.nodeId} ${taskId} ${how}, shown ${outcome?.state}`);
        this.#shown(outcome);
      }
    }
    this.#checker.checkHistory();
  }

  async #live(): Promise<void> {
    for (;;) {
      await this.#sleep(1_000 + this.#chance.exponential(this.#cluster.plan.thinkMs * 1_000));
      if (this.#isStopped) return;
      await this.#follow();
    }
  }

  /** A task from its submit to its end, with looks at it and others in between. */
  async #follow(): Promise<void> {
    this.#working += 1;
    this.#keys += 1;
    const key = `k${this.#keys}`;
    const taskId = await this.#submit(key);
    this.#tasks.push({ key, taskId });
    await this.#look();
    if (this.#chance.happens(0.15)) await this.#cancel(key, taskId);
    while (!(await this.#ends(key, taskId))) await this.#look();
    await this.#look();
    this.#working -= 1;
  }

  /** Again and again with the same key, until somebody says which task it is. */
  async #submit(key: string): Promise<TaskId> {
    const { chance, simulation } = { chance: this.#chance, simulation: this.#cluster.simulation };
    const delayMs = chance.happens(0.2) ? chance.between(1, DELAY_MS_MAX) : null;
    const priority = chance.below(10);
    for (;;) {
      const answer = this.#checker.asked(key, { kind: 'submit' });
      const reply = await this.#ask(async (runtime) =>
        runtime.submitTask({
          type: 'email',
          payload: { key },
          idempotencyKey: key,
          priority,
          retry: { attemptsMax: 100, delayMs: 20, delayMsMax: 100 },
          ...(delayMs === null ? {} : { delayMs }),
        }),
      );
      if (reply !== null && 'value' in reply) {
        simulation.say(() => `${key} is task ${reply.value}`);
        this.#checker.submitted(key, reply.value);
        answer('taken');
        return reply.value as TaskId;
      }
      await this.#sleep(1_000 + chance.exponential(AGAIN_MEAN_US));
    }
  }

  async #cancel(key: string, taskId: TaskId): Promise<void> {
    const answer = this.#checker.asked(key, { kind: 'cancel' });
    const reply = await this.#ask(async (runtime) => {
      const [refused] = await runtime.tasks.cancel([taskId], 'changed my mind');
      return refused === null;
    });
    if (reply !== null && 'value' in reply) answer(reply.value ? 'taken' : 'refused');
  }

  /** Waits at the leader for the end of a task. */
  async #ends(key: string, taskId: TaskId): Promise<boolean> {
    const answer = this.#checker.asked(key, { kind: 'get' });
    const reply = await this.#ask((runtime) => runtime.tasks.wait(taskId, WAIT_MS));
    if (reply === null || !('value' in reply)) {
      await this.#sleep(1_000 + this.#chance.exponential(AGAIN_MEAN_US));
      return false;
    }
    const standing = standingOf(reply.value);
    // A wait that ends with no news is no look behind a barrier: this leader may have been followed by another.
    if (standing === 'open') return false;
    answer(standing);
    this.#shown(reply.value);
    return true;
  }

  /** Reads a task at any node, the leader or not. */
  async #look(): Promise<void> {
    const up = this.#cluster.up();
    if (!this.#chance.happens(0.6) || up.length === 0 || this.#tasks.length === 0) return;
    const { key, taskId } = this.#chance.pick(this.#tasks.slice(-8));
    const answer = this.#checker.asked(key, { kind: 'get' });
    const reply = await this.#cluster.call(this.#chance.pick(up), async ({ node }) => {
      await node.readBarrier();
      return node.runtime.tasks.outcome(taskId);
    });
    if (reply === null || !('value' in reply)) return;
    answer(standingOf(reply.value));
    this.#shown(reply.value);
  }

  #shown(outcome: TaskOutcome | null): void {
    if (outcome?.state !== 'completed') return;
    this.#checker.result(outcome.id, JSON.stringify(outcome.result));
  }

  /** Asks whoever is believed to lead, or now and then anyone, who may name another. */
  async #ask<T>(ask: (runtime: Runtime) => Promise<T>): Promise<Reply<T>> {
    const node = this.#target();
    if (node === undefined) return null;
    const reply = await this.#cluster.call(node, async (asked) => ask(await asked.leading()));
    if (reply === null) this.#guess = null;
    else this.#guess = 'value' in reply ? node.nodeId : reply.leader;
    return reply;
  }

  #target(): RuntimeNode | undefined {
    const { nodes } = this.#cluster;
    const guess = this.#guess === null ? undefined : nodes.get(this.#guess);
    if (guess?.isUp === true && this.#chance.happens(0.9)) return guess;
    const up = this.#cluster.up();
    return up.length === 0 ? undefined : this.#chance.pick(up);
  }

  #sleep(delayUs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#cluster.simulation.after(delayUs, resolve);
    });
  }
}

function standingOf(outcome: TaskOutcome | null): Standing {
  if (outcome === null) return 'none';
  const { state } = outcome;
  return state === 'completed' || state === 'canceled' || state === 'failed' ? state : 'open';
}
