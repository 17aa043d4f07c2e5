import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RegisterAgent } from '../contract/index.ts';
import { STRATEGY_NAMES, type AgentId } from '../core/index.ts';
import type { AgentLink, Lease } from './agent-link.ts';
import type { Runtime } from './runtime.ts';
import { submissionFrom } from './submission-from.ts';
import { RuntimeWorld } from './testing/runtime-world.ts';

let world: RuntimeWorld;
let runtime: Runtime;

beforeEach(async () => {
  world = new RuntimeWorld({}, 'memory');
  runtime = await world.open();
});
afterEach(() => world.dispose());

function agents(count: number, spec: Partial<RegisterAgent> = {}): RegisterAgent[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `agent-${i}`,
    capabilities: ['work'],
    ...spec,
  }));
}

/** Takes every lease and says nothing. */
class Link implements AgentLink {
  readonly kind = 'channel';
  lastHeardMs = 0;
  readonly leases: Lease[] = [];
  /** Told of each lease as it is handed over. */
  taken: (lease: Lease) => void = () => undefined;

  lease(lease: Lease): void {
    this.leases.push(lease);
    this.taken(lease);
  }

  revoke(): void {}
  answer(): void {}
  cancelRequested(): void {}
  flush(): void {}
  replaced(): void {}
}

async function submit(count: number): Promise<void> {
  const tasks = Array.from({ length: count }, () => ({ type: 'work' }));
  await runtime.tasks.submit(submissionFrom(tasks, world.clock.now()));
}

describe('agents that register', () => {
  test('are listed page by page, and a page after one that is gone is refused', async () => {
    await runtime.agents.register(agents(5), 'i');
    const page = await runtime.agents.list(null, 2);
    expect(page.nextCursor).toBe('agent-1');
    const rest = await runtime.agents.list(page.nextCursor, 10);
    expect(rest.items.map(({ id }) => id)).toEqual(['agent-2', 'agent-3', 'agent-4']);
    await runtime.agents.remove('agent-1' as AgentId);
    // An empty page would say that there are no more.
    await expect(runtime.agents.list('agent-1', 10)).rejects.toMatchObject({
      code: 'CURSOR_INVALID',
    });
  });

  test('in thousands go into entries in parts, and those of one that asks later are not behind all', async () => {
    const before = runtime.status().log.lastIndex;
    const all = runtime.agents.register(agents(5_000), 'i');
    await runtime.agents.register([{ id: 'late', capabilities: ['work'] }], 'i');
    expect(runtime.status().agents.ready).toBeLessThan(5_000);
    await all;
    expect(runtime.status().agents.ready).toBe(5_001);
    expect(runtime.status().log.lastIndex - before).toBeGreaterThanOrEqual(3);
  });

  test('and say what is known already cost no entry', async () => {
    await runtime.agents.register(agents(2_000), 'i');
    const { lastIndex } = runtime.status().log;
    await runtime.agents.register(agents(2_000), 'i');
    expect(runtime.status().log.lastIndex).toBe(lastIndex);
    await runtime.agents.register(agents(2_000, { slots: 2 }), 'i');
    expect(runtime.status().log.lastIndex).toBeGreaterThan(lastIndex);
    expect(runtime.status().agents.slots).toBe(4_000);
  });

  test('twice in one call have what was said last', async () => {
    await runtime.agents.register([...agents(1), ...agents(1, { slots: 7 })], 'i');
    expect(runtime.agents.get('agent-0' as AgentId)).toMatchObject({ slots: 7 });
    expect(runtime.status().agents.ready).toBe(1);
  });

  test('and leave in a loop leave nothing behind', async () => {
    const { scheduler, state } = runtime.observed;
    await submit(1);
    for (let i = 0; i < 300; i++) {
      await runtime.agents.register(agents(1, { labels: { turn: `${i}` } }), `run-${i}`);
      await runtime.agents.remove('agent-0' as AgentId);
    }
    expect([state.agents.size, state.agentSpecs.size]).toEqual([0, 0]);
    expect(scheduler.counts()).toMatchObject({ agents: 0, availableAgents: 0 });
    scheduler.checkInvariants();
  });
});

describe('a pool', () => {
  test('that empties in the middle of a batch loses no task', async () => {
    const link = new Link();
    await runtime.agents.connect(link, agents(20, { slots: 5 }), 'i');
    const gone: Promise<void>[] = [];
    link.taken = ({ agentId }) => {
      if (
        gone.length < 20 &&
        !link.leases.some((one, i) => i < link.leases.length - 1 && one.agentId === agentId)
      )
        gone.push(runtime.agents.remove(agentId));
    };
    await submit(100);
    await Promise.all(gone);
    expect(gone.length).toBe(20);
    expect(runtime.status()).toMatchObject({ agents: { ready: 0 }, tasks: { running: 0 } });
    const second = new Link();
    await runtime.agents.connect(second, agents(1, { id: 'other', slots: 1_000 }), 'i');
    await runtime.agents.release([], 'none');
    const { queued, running, scheduled } = runtime.status().tasks;
    expect(queued + running + scheduled).toBe(100);
  });

  test('goes on with another strategy while tasks come', async () => {
    const link = new Link();
    await runtime.agents.connect(link, agents(200, { slots: 20 }), 'i');
    for (const strategy of STRATEGY_NAMES) {
      const submitted = submit(200);
      await runtime.queues.set('default', { strategy });
      await submitted;
      runtime.observed.scheduler.checkInvariants();
    }
    expect(runtime.status().tasks).toMatchObject({
      queued: 0,
      running: 200 * STRATEGY_NAMES.length,
    });
  });
});
