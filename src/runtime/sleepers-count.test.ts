import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RegisterAgent } from '../contract/index.ts';
import type { AgentLink, Lease, LinkKind } from './agent-link.ts';
import type { Runtime } from './runtime.ts';
import { RuntimeWorld, turn } from './testing/runtime-world.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };
type AgentId = Lease['agentId'];

class Link implements AgentLink {
  readonly kind: LinkKind;
  readonly lastHeardMs: number;
  readonly #leases: Lease[];

  constructor(kind: LinkKind, leases: Lease[]) {
    this.kind = kind;
    this.lastHeardMs = kind === 'channel' ? Infinity : 0;
    this.#leases = leases;
  }

  lease(lease: Lease): void {
    this.#leases.push(lease);
  }

  revoke(): void {}
  answer(): void {}
  cancelRequested(): void {}
  flush(): void {}
  replaced(): void {}
}

const IDS = ['a', 'b', 'c', 'd'];

/** Agents that come by, connect, work and go, as a history has it. */
class Fleet {
  runtime: Runtime;
  readonly #world: RuntimeWorld;
  readonly #leases: Lease[] = [];
  readonly #links = new Map<string, Link>();

  constructor(world: RuntimeWorld, runtime: Runtime) {
    this.#world = world;
    this.runtime = runtime;
  }

  async register(id: string, other: number): Promise<void> {
    const spec: RegisterAgent = { id, capabilities: ['work'], heartbeatMs: 10_000, slots: 2 };
    const sleeper = { kind: 'poll', everyMs: 60_000, graceMs: 0 } as const;
    const agent: RegisterAgent = other % 4 === 0 ? spec : { ...spec, availability: sleeper };
    await this.runtime.agents.register([agent], other % 8 === 1 ? 'second' : 'first');
  }

  poll(id: string): void {
    if (this.#links.has(id) || this.runtime.agents.get(id as AgentId) === null) return;
    const link = new Link('poll', this.#leases);
    this.#links.set(id, link);
    this.runtime.agents.poll(id as AgentId, link, 1);
  }

  async connect(id: string): Promise<void> {
    if (this.runtime.agents.get(id as AgentId) === null) return;
    const link = new Link('channel', this.#leases);
    await this.runtime.agents.connect(link, [{ id, capabilities: ['work'], slots: 2 }], 'first');
    this.#links.set(id, link);
  }

  async hangUp(id: string): Promise<void> {
    const link = this.#links.get(id);
    this.#links.delete(id);
    if (link !== undefined) await this.runtime.agents.disconnect(link, [id as AgentId]);
  }

  async submit(): Promise<void> {
    await this.runtime.submitTask({ type: 'work', retry: { attemptsMax: 100, delayMs: 0 } });
  }

  async end(_: string, other: number): Promise<void> {
    const lease = this.#leases.pop();
    if (lease === undefined) return;
    const ref = { taskId: lease.taskId, fencingToken: lease.fencingToken };
    const failed = {
      ok: false,
      code: 'NO',
      message: 'no',
      retryable: true,
      retryAfterMs: 0,
    } as const;
    const report = other % 2 === 0 ? ({ ok: true, result: '1' } as const) : failed;
    if (other % 3 === 0) await this.runtime.agents.release([ref], 'test');
    else await this.runtime.agents.report([{ ...ref, report }]);
  }

  async drain(id: string): Promise<void> {
    await this.runtime.agents.drain(id as AgentId).catch(() => undefined);
  }

  async remove(id: string): Promise<void> {
    await this.runtime.agents.remove(id as AgentId).catch(() => undefined);
  }

  pass(_: string, other: number): void {
    this.#world.clock.advance((other % 70) * 1_000 + 500);
  }

  async restart(): Promise<void> {
    await this.runtime.close(0);
    this.#links.clear();
    this.runtime = await this.#world.open();
  }

  /** Agents that say so of themselves. */
  get asleep(): number {
    const states = IDS.map((id) => this.runtime.agents.get(id as AgentId)?.state);
    return states.filter((state) => state === 'asleep').length;
  }
}

const MOVES = {
  register: 5,
  poll: 4,
  connect: 1,
  hangUp: 3,
  submit: 4,
  end: 4,
  drain: 1,
  remove: 1,
  pass: 2,
  restart: 1,
} as const;
const move = fc.record({
  kind: fc.oneof(
    ...Object.entries(MOVES).map(([kind, weight]) => ({
      arbitrary: fc.constant(kind as keyof typeof MOVES),
      weight,
    })),
  ),
  id: fc.constantFrom(...IDS),
  other: fc.nat(1_000),
});

const histories = fc.array(move, { maxLength: 80, size: 'max' });

test('as many agents are asleep by the count as say so, whatever they did', async () => {
  const property = fc.asyncProperty(histories, async (moves) => {
    const world = new RuntimeWorld({ supervision: { enabled: false } }, 'memory');
    const fleet = new Fleet(world, await world.open());
    for (const id of IDS) await fleet.register(id, 1);
    for (const { id, kind, other } of moves) {
      await fleet[kind](id, other);
      for (let i = 0; i < 3; i++) await turn();
      expect(fleet.runtime.status().agents.asleep).toBe(fleet.asleep);
    }
    await world.dispose();
  });
  await fc.assert(property, { numRuns: 60, ...SEED });
});
