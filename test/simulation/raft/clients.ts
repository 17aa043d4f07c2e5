/** Clients that read and write registers through any node, and the history of what they were told. */
import type { Operation } from '../checks/linearizability.ts';
import type { RegisterInput, RegisterOutput } from '../checks/register-model.ts';
import type { Chance } from '../kernel/chance.ts';
import type { Cluster } from './cluster.ts';
import { drawCommandInput, encodeCommand } from './key-value-machine.ts';
import type { Answer } from './node-requests.ts';
import type { RaftNode } from './raft-node.ts';

const PATIENCE_US = 2_000_000;
const WAY_MEAN_US = 500;

interface Call {
  readonly key: number;
  readonly input: RegisterInput;
  readonly way: 'log' | 'readIndex' | 'lease';
}

export class Clients {
  readonly #history: Operation<RegisterInput, RegisterOutput>[] = [];
  readonly #open = new Map<number, { readonly call: Call; readonly calledAt: number }>();
  #calls = 0;
  /** Calls that were answered with a result. */
  answered = 0;
  #isStopped = false;
  #values = 0;
  readonly #cluster: Cluster;
  readonly #chance: Chance;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#chance = cluster.simulation.chance.fork('clients');
    for (let client = 0; client < cluster.plan.clients; client += 1) this.#think();
  }

  /** What was asked and answered so far; calls under way count as unanswered. */
  history(): Operation<RegisterInput, RegisterOutput>[] {
    const open = [...this.#open.values()].map(({ call: { key, input }, calledAt }) => {
      return { key: String(key), input, calledAt, returnedAt: Infinity, output: undefined };
    });
    return [...this.#history, ...open.filter(({ input }) => input.kind !== 'get')];
  }

  /** No new calls; those under way go on. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Writes a value through the leader, again and again until it is done. */
  probe(done: () => void): void {
    const leader = this.#cluster.leader();
    const again = (): void => this.#cluster.simulation.after(100_000, () => this.probe(done));
    if (leader === undefined) return again();
    this.#values += 1;
    const input = { kind: 'put', value: this.#values } as const;
    this.#call(leader, { key: 0, input, way: 'log' }, (isDone) => (isDone ? done() : again()));
  }

  #think(): void {
    const { simulation, plan } = this.#cluster;
    simulation.after(1_000 + this.#chance.exponential(plan.thinkMs * 1_000), () => this.#start());
  }

  #start(): void {
    if (this.#isStopped) return;
    const node = this.#target();
    if (node === undefined) return this.#think();
    const { plan } = this.#cluster;
    this.#values += 1;
    const key = this.#chance.below(plan.keys);
    const recent = Math.max(0, this.#values - 1 - this.#chance.below(4));
    const input = drawCommandInput(this.#chance, this.#values, recent);
    const readWay = plan.mayLeaseRead && this.#chance.happens(0.6) ? 'lease' : 'readIndex';
    const way = input.kind === 'get' && this.#chance.happens(0.7) ? readWay : 'log';
    this.#call(node, { key, input, way }, () => this.#think());
  }

  /** Mostly a node that believes it leads, be it deposed long ago; now and then anyone. */
  #target(): RaftNode | undefined {
    const up = this.#cluster.up();
    const leaders = up.filter((node) => node.role.role === 'leader');
    if (leaders.length > 0 && this.#chance.happens(0.8)) return this.#chance.pick(leaders);
    return up.length === 0 ? undefined : this.#chance.pick(up);
  }

  #call(node: RaftNode, call: Call, ended: (isDone: boolean) => void): void {
    const { simulation } = this.#cluster;
    const calledAt = simulation.nowUs;
    // Known when the request set out: a leader that lost and won again in between must refuse it.
    const { term } = node.role;
    this.#calls += 1;
    const id = this.#calls;
    this.#open.set(id, { call, calledAt });
    const end = (answer: Answer | undefined): void => {
      if (!this.#open.delete(id)) return;
      this.#keep(call, calledAt, answer);
      ended(answer?.kind === 'done');
    };
    const answered = (answer: Answer): void =>
      simulation.after(this.#chance.exponential(WAY_MEAN_US), () => end(answer));
    simulation.after(this.#chance.exponential(WAY_MEAN_US), () => {
      if (call.way !== 'log') return node.read(call.way, call.key, answered);
      node.propose(term, encodeCommand(call, this.#chance.below(120)), answered);
    });
    simulation.after(PATIENCE_US, () => end(undefined));
  }

  #keep({ key, input, way }: Call, calledAt: number, answer: Answer | undefined): void {
    const { simulation } = this.#cluster;
    simulation.note(20, calledAt, answer?.kind === 'done' ? answer.result : -1);
    simulation.say(
      () =>
        `client: ${way} ${JSON.stringify(input)} of ${key} since ${calledAt / 1000} ms: ${answer === undefined ? 'no answer' : JSON.stringify(answer)}`,
    );
    if (answer?.kind === 'refused') return;
    if (answer === undefined && input.kind === 'get') return;
    if (answer !== undefined) this.answered += 1;
    const returnedAt = answer === undefined ? Infinity : simulation.nowUs;
    this.#history.push({ key: String(key), input, calledAt, returnedAt, output: answer?.result });
  }
}
