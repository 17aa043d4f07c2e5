/** Clients that submit tasks, have them assigned, complete them and read how far they are, by way of any node. */
import fc from 'fast-check';
import type { Command, CommandBatch, TaskId } from '../../../src/core/index.ts';
import { assign, complete, register, submit } from '../../../src/core/testing/commands.ts';
import { featureBatchOf } from '../../../src/core/testing/feature-histories.ts';
import { batchOf, histories, type Move } from '../../../src/core/testing/histories.ts';
import type { Chance } from '../kernel/chance.ts';
import { require } from '../simulation-failure.ts';
import { stageOf, type Stage } from './stack-checker.ts';
import type { Reply, StackCluster } from './stack-cluster.ts';
import type { StackNode } from './stack-node.ts';

const MOVES = 150;
const AGAIN_MEAN_US = 30_000;

export class StackClients {
  readonly #cluster: StackCluster<StackNode>;
  readonly #chance: Chance;
  readonly #moves: readonly Move[];
  readonly #keys: string[] = [];
  #isStopped = false;
  #working = 0;
  #attempts = 0;
  #guess: string | null = null;

  constructor(cluster: StackCluster<StackNode>) {
    const { plan, simulation } = cluster;
    this.#cluster = cluster;
    this.#chance = simulation.chance.fork('clients');
    this.#moves = plan.isMixed
      ? (fc.sample(histories(MOVES), { seed: plan.seed, numRuns: 1 })[0] ?? [])
      : [];
    for (let client = 0; client < plan.clients; client += 1) {
      this.#live(client).catch((error: unknown) => cluster.break(error));
    }
  }

  /** Nothing new is begun; {@link isIdle} once everything begun is done. */
  stop(): void {
    this.#isStopped = true;
  }

  get isIdle(): boolean {
    return this.#working === 0;
  }

  /** One more piece of work, again and again until it is done. */
  probe(): void {
    this.#work(0, true).catch((error: unknown) => this.#cluster.break(error));
  }

  async #live(client: number): Promise<void> {
    const { plan } = this.#cluster;
    for (;;) {
      await this.#sleep(1_000 + this.#chance.exponential(plan.thinkMs * 1_000));
      if (this.#isStopped) return;
      await this.#work(client);
    }
  }

  async #work(client: number, isProbe = false): Promise<void> {
    this.#working += 1;
    if (!this.#cluster.plan.isMixed) await this.#follow(client);
    else while (!(await this.#move()) && isProbe) await this.#sleep(AGAIN_MEAN_US);
    this.#working -= 1;
  }

  /** Two clients may see the same state: parts of large submits get ids that nobody else gives. */
  #ownIds(batch: CommandBatch): CommandBatch {
    this.#attempts += 1;
    const own = (id: TaskId): TaskId => `${id}~${this.#attempts}` as TaskId;
    const commands = batch.commands.map((command): Command => {
      if (command.type !== 'stage.add') return command;
      const tasks = command.tasks.map(({ dependsOn, id, ...task }) => ({
        ...task,
        id: own(id),
        ...(dependsOn === undefined
          ? {}
          : { dependsOn: dependsOn.map((edge) => ({ ...edge, taskId: own(edge.taskId) })) }),
      }));
      return { ...command, tasks };
    });
    return { ...batch, commands };
  }

  /** One batch of a random history. @returns whether it came through */
  async #move(): Promise<boolean> {
    const move = this.#chance.pick(this.#moves);
    const node = this.#target();
    if (node === undefined) return false;
    const reply = await this.#cluster.call(node, async (asked) => {
      const { state } = asked;
      require(state !== null, 'a node that is up has a state', () => asked.nodeId);
      const batch = this.#cluster.plan.hasAllFeatures
        ? this.#ownIds(featureBatchOf(state, move))
        : batchOf(state, move);
      return (await asked.appendBatch(batch)).index;
    });
    this.#learn(node, reply);
    return reply !== null && 'value' in reply;
  }

  /** A task from its submit to its end, with looks at it in between. */
  async #follow(client: number): Promise<void> {
    const key = `k${this.#keys.length + 1}`;
    this.#keys.push(key);
    const agentId = `w${client}`;
    const { checker } = this.#cluster;
    const taskId = await this.#reach(key, 1, (node) => {
      this.#attempts += 1;
      const commands: Command[] = [
        submit(`${key}~${this.#attempts}`, {}, { idempotencyKey: key, bodyHash: key }),
      ];
      if (node.state?.agents.has(agentId as never) !== true) {
        commands.unshift(register(agentId, { slots: 500 }));
      }
      return commands;
    });
    checker.named(key, taskId);
    await this.#look();
    await this.#reach(key, 2, () => [assign(taskId, agentId)]);
    await this.#look();
    await this.#reach(key, 3, (node) => {
      const token = node.state?.tasks.get(taskId as never)?.fencingToken ?? 1;
      return [complete(taskId, token)];
    });
    await this.#look();
  }

  /** Proposes until the key's task is at a stage; resolves with the task's id. */
  async #reach(
    key: string,
    stage: Stage,
    commandsAt: (node: StackNode) => readonly Command[],
  ): Promise<string> {
    const { checker } = this.#cluster;
    checker.asks(key, stage);
    for (;;) {
      const node = this.#target();
      const reply =
        node === undefined
          ? null
          : await this.#cluster.call(node, async (asked) => {
              await asked.append(commandsAt(asked));
              const { state } = asked;
              // It died meanwhile: nobody hears of this answer.
              if (state === null) return { at: 0 as Stage, taskId: '' };
              const taskId = state.idempotency.get(`default\n${key}`)?.taskId ?? '';
              return { at: stageOf(state, key), taskId };
            });
      if (node !== undefined) this.#learn(node, reply);
      if (reply !== null && 'value' in reply) {
        checker.told(key, reply.value.at);
        if (reply.value.at >= stage) return reply.value.taskId;
      }
      await this.#sleep(1_000 + this.#chance.exponential(AGAIN_MEAN_US));
    }
  }

  /** Reads a task at any node, the leader or not. */
  async #look(): Promise<void> {
    if (!this.#chance.happens(0.6)) return;
    const { checker } = this.#cluster;
    const up = this.#cluster.up();
    if (up.length === 0) return;
    const node = this.#chance.pick(up);
    const key = this.#chance.pick(this.#keys.slice(-8));
    const atLeast = checker.seen(key);
    const reply = await this.#cluster.call(node, async (asked) => {
      const { log, machine } = asked;
      await log?.readBarrier();
      return machine === null ? null : stageOf(machine.state, key);
    });
    if (reply === null || !('value' in reply) || reply.value === null) return;
    checker.read(key, atLeast, reply.value);
  }

  /** Mostly who is believed to lead; now and then anyone. */
  #target(): StackNode | undefined {
    const { nodes } = this.#cluster;
    const guess = this.#guess === null ? undefined : nodes.get(this.#guess);
    if (guess?.isUp === true && this.#chance.happens(0.9)) return guess;
    const up = this.#cluster.up();
    return up.length === 0 ? undefined : this.#chance.pick(up);
  }

  #learn(asked: StackNode, reply: Reply<unknown>): void {
    if (reply === null) this.#guess = null;
    else this.#guess = 'value' in reply ? asked.nodeId : reply.leader;
  }

  #sleep(delayUs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#cluster.simulation.after(delayUs, resolve);
    });
  }
}
