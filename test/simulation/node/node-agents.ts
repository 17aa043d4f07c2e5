/** Agents of production nodes: connect to whoever leads, work on what they are given, report it until that is answered. */
import type { RegisterAgent } from '../../../src/contract/index.ts';
import type { AttemptEnd, AgentLink, HeldLease, Lease } from '../../../src/runtime/index.ts';
import type { Chance } from '../kernel/chance.ts';
import type { StackCluster } from '../stack/stack-cluster.ts';
import type { NodeChecker } from './node-checker.ts';
import type { RuntimeNode } from './runtime-node.ts';
import { refusal } from './refusal.ts';

const WAY_MEAN_US = 500;
const BEAT_US = 250_000;
const AGAIN_MEAN_US = 40_000;
const HEARTBEAT_MS = 1_000;
/** How often an agent dies, and comes back without what it worked on. */
const DEATH_MEAN_US = 3_000_000;
const FAILS = 0.1;
const GIVES_BACK = 0.05;
const SAYS_MORE = 0.3;

type AgentId = Lease['agentId'];

/** One channel from an agent to a node. */
interface Session {
  readonly node: RuntimeNode;
  readonly epoch: number;
  readonly link: AgentLink & { lastHeardMs: number };
}

/** Lets an agent live until the end of the run. */
export function beginAgent(
  cluster: StackCluster<RuntimeNode>,
  checker: NodeChecker,
  id: string,
): void {
  const agent = new NodeAgent(cluster, checker, id);
  agent.live().catch((error: unknown) => cluster.break(error));
}

class NodeAgent {
  readonly #cluster: StackCluster<RuntimeNode>;
  readonly #checker: NodeChecker;
  readonly #chance: Chance;
  readonly #spec: RegisterAgent;
  /** What it works on, by task. */
  #held = new Map<string, Lease>();
  #session: Session | null = null;
  #lives = 0;
  #guess: string | null = null;

  constructor(cluster: StackCluster<RuntimeNode>, checker: NodeChecker, id: string) {
    this.#cluster = cluster;
    this.#checker = checker;
    this.#chance = cluster.simulation.chance.fork(`agent ${id}`);
    const slots = this.#chance.between(1, 4);
    this.#spec = { id, capabilities: ['email'], slots, heartbeatMs: HEARTBEAT_MS };
    if (!cluster.plan.faults.has('agent-death')) return;
    cluster.simulation.repeat(this.#chance.exponential(DEATH_MEAN_US), () => {
      if (cluster.isHealed) return undefined;
      this.#die();
      return 1 + this.#chance.exponential(DEATH_MEAN_US);
    });
  }

  get #id(): AgentId {
    return this.#spec.id as AgentId;
  }

  /** Keeps a channel open, and says over it that it lives. */
  async live(): Promise<void> {
    for (;;) {
      const isThere = this.#session === null ? await this.#connect() : await this.#beat();
      await this.#sleep(isThere ? BEAT_US : 1_000 + this.#chance.exponential(AGAIN_MEAN_US));
    }
  }

  #die(): void {
    this.#lives += 1;
    this.#session = null;
    this.#held = new Map();
    this.#cluster.simulation.say(() => `agent ${this.#spec.id} begins anew`);
  }

  async #connect(): Promise<boolean> {
    const node = this.#target();
    const lives = this.#lives;
    if (node === undefined) return false;
    const held: HeldLease[] = [...this.#held.values()].map(({ fencingToken, taskId }) => ({
      taskId,
      fencingToken,
    }));
    const reply = await this.#cluster.call(node, async (asked) => {
      const { agents } = await asked.leading();
      const session = this.#sessionWith(asked);
      await agents.connect(session.link, [this.#spec], `${this.#spec.id}-${lives}`, held);
      return session;
    });
    if (reply !== null && 'value' in reply && lives === this.#lives) {
      this.#session = reply.value;
      return true;
    }
    this.#guess = reply !== null && 'leader' in reply ? reply.leader : null;
    return false;
  }

  async #beat(): Promise<boolean> {
    const session = this.#session;
    if (session === null) return false;
    const reply = await this.#cluster.call(session.node, async (asked) => {
      if (asked.epoch !== session.epoch) throw refusal('NOT_LEADER', 'the channel was closed');
      const { agents } = await asked.leading();
      session.link.lastHeardMs = asked.monotonicMs;
      for (const lease of this.#held.values()) {
        if (this.#chance.happens(SAYS_MORE)) agents.details(lease, JSON.stringify({ at: 'work' }));
      }
      await agents.heard(session.link, [this.#id]);
    });
    if (reply !== null && 'value' in reply) return true;
    if (this.#session === session) this.#session = null;
    return false;
  }

  #sessionWith(node: RuntimeNode): Session {
    const { epoch } = node;
    const lives = this.#lives;
    const tell = (action: () => void): void => {
      this.#cluster.simulation.after(this.#chance.exponential(WAY_MEAN_US), () => {
        if (lives === this.#lives) action();
      });
    };
    const link: Session['link'] = {
      kind: 'channel',
      lastHeardMs: node.monotonicMs,
      lease: (lease) => {
        this.#checker.leased(node.nodeId, lease);
        tell(() => this.#take(lease));
      },
      revoke: (_agentId, taskId, fencingToken) => tell(() => this.#drop({ taskId, fencingToken })),
      answer: () => undefined,
      cancelRequested: () => undefined,
      flush: () => undefined,
      replaced: () => undefined,
    };
    return { node, epoch, link };
  }

  #take(lease: Lease): void {
    if (this.#chance.happens(GIVES_BACK)) {
      this.#giveBack(lease).catch((error: unknown) => this.#cluster.break(error));
      return;
    }
    const known = this.#held.get(lease.taskId);
    if (known !== undefined && known.fencingToken >= lease.fencingToken) return;
    this.#held.set(lease.taskId, lease);
    const [isFailing, workUs] = [this.#chance.happens(FAILS), this.#chance.exponential(30_000)];
    this.#cluster.simulation.after(workUs, () => {
      this.#report(lease, isFailing).catch((error: unknown) => this.#cluster.break(error));
    });
  }

  /** Until that is answered; a refusal is an answer. */
  async #giveBack(lease: Lease): Promise<void> {
    const lives = this.#lives;
    while (lives === this.#lives) {
      const node = this.#session?.node ?? this.#target();
      const reply =
        node === undefined
          ? null
          : await this.#cluster.call(node, async (asked) => {
              const { agents } = await asked.leading();
              await agents.release([lease], 'busy');
            });
      if (reply !== null && 'value' in reply) return;
      await this.#sleep(1_000 + this.#chance.exponential(AGAIN_MEAN_US));
    }
  }

  #drop({ fencingToken, taskId }: HeldLease): void {
    if (this.#held.get(taskId)?.fencingToken === fencingToken) this.#held.delete(taskId);
  }

  /** Until it is answered, or taken from this agent. */
  async #report(lease: Lease, isFailing: boolean): Promise<void> {
    const end: AttemptEnd = {
      taskId: lease.taskId,
      fencingToken: lease.fencingToken,
      report: isFailing
        ? { ok: false, code: 'UNLUCKY', message: 'again', retryable: true, retryAfterMs: 0 }
        : { ok: true, result: JSON.stringify({ token: lease.fencingToken }) },
    };
    const { key } = JSON.parse(lease.payload) as { readonly key: string };
    while (this.#held.get(lease.taskId) === lease) {
      const node = this.#session?.node ?? this.#target();
      const answer = isFailing ? null : this.#checker.asked(key, { kind: 'report' });
      const reply =
        node === undefined
          ? null
          : await this.#cluster.call(node, async (asked) => {
              const { agents } = await asked.leading();
              const [refused] = await agents.report([end]);
              return refused === null;
            });
      if (reply !== null && 'value' in reply) {
        if (!reply.value) this.#checker.refused(lease);
        else if (!isFailing) this.#checker.reported(lease.taskId);
        answer?.(reply.value ? 'taken' : 'refused');
        this.#drop(lease);
        return;
      }
      await this.#sleep(1_000 + this.#chance.exponential(AGAIN_MEAN_US));
    }
  }

  #target(): RuntimeNode | undefined {
    const guess = this.#guess === null ? undefined : this.#cluster.nodes.get(this.#guess);
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
