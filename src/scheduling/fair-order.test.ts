import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { FAIRNESS_DEFAULT, type Queue, type Task } from '../core/index.ts';
import { AgentTable } from './agent-table.ts';
import { FairOrder } from './fair-order.ts';
import { FairShares, isShareBefore, start, vacate, type FairShare } from './fair-share.ts';
import { IndexedHeap } from './indexed-heap.ts';
import { Latency } from './latency.ts';
import { Pool } from './pool.ts';
import { queueMirror } from './queue-mirror.ts';
import { makeAgent, makeProfile, makeQueue, makeTask } from './testing/fixtures.ts';
import { Waiting } from './waiting.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

interface Waiter {
  readonly task: Task;
  readonly pool: Pool;
  readonly share: FairShare;
}

/** Tasks of some namespaces and keys in pools of one agent each, and the plain list of them. */
class Line {
  readonly shares = new FairShares(FAIRNESS_DEFAULT);
  readonly waiting: Waiting;
  readonly pools: Pool[] = [];
  readonly waiters: Waiter[] = [];
  readonly #table = new AgentTable();
  readonly #queues: Queue[];
  readonly #running: { readonly share: FairShare; readonly cost: number }[] = [];
  #seq = 0;

  constructor(poolCount: number, namespaces: number, narrowPoolsMax?: number) {
    this.waiting = new Waiting(this.shares, new FairOrder(narrowPoolsMax));
    this.#queues = Array.from({ length: namespaces }, (_, n) => makeQueue(`n${n}/mail`, 'born'));
    for (const queue of this.#queues) queueMirror(this.shares, queue);
    const shared = { latency: new Latency(), interference: null };
    for (let n = 0; n < poolCount; n++) {
      const agent = this.#table.add(makeAgent(`a${n}`));
      const pool = new Pool(`${n}`, { capabilities: ['work'], labels: {} }, this.#table, shared);
      this.#table.setAvailable(agent, true);
      pool.add(agent);
      this.pools.push(pool);
    }
  }

  add(a: number, b: number, c: number, priority: number): void {
    const pool = this.pools[a % this.pools.length] as Pool;
    const queue = this.#queues[b % this.#queues.length] as Queue;
    const task = makeTask(++this.#seq, makeProfile({ queue, priority: priority % 3 }));
    const share = this.#share(b, c);
    if (share.name !== '') {
      task.extra = { control: { fairnessKey: share.name } } as unknown as Task['extra'];
    }
    this.waiting.add(task, pool);
    this.waiters.push({ task, pool, share });
  }

  remove(a: number): void {
    const at = a % Math.max(1, this.waiters.length);
    const [waiter] = this.waiters.splice(at, 1);
    if (waiter !== undefined) this.waiting.remove(waiter.task);
  }

  start(b: number, c: number, cost: number): void {
    const running = { share: this.#share(b, c), cost: (cost % 4) + 0.5 };
    start(running.share, running.cost);
    this.#running.push(running);
  }

  end(a: number, refund: number): void {
    const [ended] = this.#running.splice(a % Math.max(1, this.#running.length), 1);
    if (ended !== undefined) vacate(ended.share, ended.cost, refund % 2 === 0);
  }

  weigh(b: number, weight: number): void {
    this.shares.change({ ...FAIRNESS_DEFAULT, weights: { [`n${b % 4}`]: (weight % 5) + 1 } });
  }

  toggle(a: number): void {
    const pool = this.pools[a % this.pools.length] as Pool;
    this.#table.setAvailable(pool.agentOf(0), pool.availableCount === 0);
    pool.refresh(0);
    this.waiting.poolChanged(pool);
  }

  /** Leaves a namespace, or a key of it, what waits in one pool. */
  thin(a: number, b: number, c: number, d: number): void {
    const kept = this.pools[a % this.pools.length];
    const key = this.#share(b, c);
    const thinned = d % 2 === 0 ? key : key.parent;
    for (let at = this.waiters.length - 1; at >= 0; at--) {
      const { pool, share } = this.waiters[at] as Waiter;
      if (pool !== kept && (share === thinned || share.parent === thinned)) this.remove(at);
    }
  }

  drop(): void {
    for (const pool of this.pools) if (!pool.isWaitedFor) this.waiting.dropPool(pool);
  }

  /** Whose turn it is, by looking at everybody. */
  get best(): Task | undefined {
    let best: Waiter | undefined;
    for (const waiter of this.waiters) {
      if (waiter.pool.availableCount === 0) continue;
      if (best === undefined || isBefore(waiter, best)) best = waiter;
    }
    return best?.task;
  }

  #share(b: number, c: number): FairShare {
    const namespace = this.shares.namespace(`n${b % this.#queues.length}`);
    return this.shares.key(namespace, [null, 'x', 'y'][c % 3] as string | null);
  }
}

function isBefore(a: Waiter, b: Waiter): boolean {
  const [ofA, ofB] = [a.share.parent as FairShare, b.share.parent as FairShare];
  if (ofA !== ofB) return isShareBefore(ofA, ofB);
  const [priorityA, priorityB] = [a.task.profile.spec.priority, b.task.profile.spec.priority];
  if (priorityA !== priorityB) return priorityA > priorityB;
  return a.share === b.share ? a.task.seq < b.task.seq : isShareBefore(a.share, b.share);
}

const MOVES = {
  add: 8,
  remove: 6,
  start: 5,
  end: 4,
  weigh: 1,
  toggle: 3,
  thin: 2,
  drop: 2,
} as const;
const number = fc.nat(65_535);
const move = fc.record({
  kind: fc.oneof(
    ...Object.entries(MOVES).map(([kind, weight]) => ({
      arbitrary: fc.constant(kind as keyof typeof MOVES),
      weight,
    })),
  ),
  draw: fc.tuple(number, number, number, number),
});
const histories = fc.array(move, { maxLength: 120, size: 'max' });

test.each([1, 2, 4, 32])(
  'whose turn it is a plain list says, too, where shares of more than %i pools are wide',
  (narrowPoolsMax) => {
    fc.assert(
      fc.property(histories, (moves) => {
        const line = new Line(12, 4, narrowPoolsMax);
        for (const { kind, draw } of moves) {
          (line[kind] as (...numbers: number[]) => void).call(line, ...draw);
          expect(line.waiting.next()?.head?.task.seq).toBe(line.best?.seq);
        }
      }),
      { numRuns: 300, ...SEED },
    );
  },
);

test('starts that move many pools of a namespace at once leave each where it belongs', () => {
  const line = new Line(40, 2, 1_000);
  for (let n = 0; n < 39; n++) line.add(n, 0, 0, 0);
  line.add(39, 1, 0, 0);
  line.start(0, 0, 0);
  expect(line.waiting.next()?.pool).toBe(line.pools[39]);
});

test('a start moves few items, in however many pools its namespace waits', () => {
  const line = new Line(2_000, 2);
  for (let n = 0; n < 2_000; n++) {
    line.add(n, 0, 0, 0);
    line.add(n, 1, n, 0);
  }
  const changes = (['push', 'remove', 'moved'] as const).map((name) =>
    vi.spyOn(IndexedHeap.prototype, name),
  );
  for (const b of [0, 1]) line.start(b, 0, 0);
  for (let n = 0; n < 2; n++) line.end(0, 1);
  const count = changes.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
  vi.restoreAllMocks();
  expect(count).toBeLessThanOrEqual(24);
  expect(line.waiting.next()?.head?.task).toBe(line.best);
});
