/** One node of a cluster, as a process of its own: `node raft-node.ts OPTIONS-AS-JSON`. Answers each order with one message. */
import { openRaftLog } from '../../src/log/index.ts';
import { quantile } from '../harness/statistics.ts';

export interface NodeSetup {
  readonly nodeId: string;
  readonly directory: string;
  readonly listenAddress: string;
  readonly founders: readonly string[];
  readonly peers: Readonly<Record<string, string>>;
}

export type RaftOrder =
  /** Whether this node leads and may serve. */
  | { readonly kind: 'isReady' }
  /** Resolves once this node knows a leader and has all that was committed when it asked. */
  | { readonly kind: 'catchUp' }
  /** Appends so many entries, 1,024 at once, for as long as it leads; resolves with how many were committed. */
  | { readonly kind: 'fill'; readonly entries: number; readonly entryBytes: number }
  /** Bytes of memory of this process. */
  | { readonly kind: 'memory' }
  | {
      readonly kind: 'load';
      /** Appends under way at once. */
      readonly appenders: number;
      readonly entryBytes: number;
      readonly durationMs: number;
    };

export interface LoadResult {
  readonly appendsPerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const setup = JSON.parse(process.argv[2] ?? '{}') as NodeSetup;
const log = await openRaftLog({
  directory: setup.directory,
  clusterId: 'bench',
  nodeId: setup.nodeId,
  founders: setup.founders,
  peers: setup.peers,
  transport: { listenAddress: setup.listenAddress },
});

async function load(order: Extract<RaftOrder, { kind: 'load' }>): Promise<LoadResult> {
  const body = Buffer.alloc(order.entryBytes, 7);
  const latenciesMs: number[] = [];
  const startMs = performance.now();
  const appender = async (): Promise<void> => {
    while (performance.now() - startMs < order.durationMs) {
      const sentMs = performance.now();
      await log.append(body);
      latenciesMs.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: order.appenders }, appender));
  const elapsedMs = performance.now() - startMs;
  const count = latenciesMs.length;
  const sorted = Float64Array.from(latenciesMs).sort();
  return {
    appendsPerSecond: (count / elapsedMs) * 1000,
    p50Ms: quantile(sorted, 0.5),
    p95Ms: quantile(sorted, 0.95),
    p99Ms: quantile(sorted, 0.99),
    maxMs: sorted.at(-1) ?? Number.NaN,
  };
}

async function fill(order: Extract<RaftOrder, { kind: 'fill' }>): Promise<number> {
  const body = Buffer.alloc(order.entryBytes, 7);
  let left = order.entries;
  let committed = 0;
  const appender = async (): Promise<void> => {
    while (left-- > 0) {
      await log.append(body);
      committed += 1;
    }
  };
  await Promise.allSettled(Array.from({ length: 1_024 }, appender));
  return committed;
}

async function carryOut(order: RaftOrder): Promise<unknown> {
  if (order.kind === 'load') return load(order);
  if (order.kind === 'fill') return fill(order);
  if (order.kind === 'memory') return process.memoryUsage.rss();
  if (order.kind === 'isReady') return log.role.isTermReady;
  await log.roleWhere(({ leader }) => leader !== null);
  return log.readBarrier();
}

process.on('message', (order: RaftOrder) => {
  carryOut(order).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('SIGTERM', () => {
  void log.close().then(() => process.exit(0));
});
