import { beforeAll, describe, expect, test } from 'vitest';
import { OTHER } from './capped-names.ts';
import { Metrics } from './metrics.ts';
import type { MetricsSource } from './source-metrics.ts';
import { PAIRS_MAX, QUEUES_MAX, TYPES_MAX, type MeasuredTask } from './task-stats.ts';

function task(queue: string, type: string, priority = 4): MeasuredTask {
  return { profile: { spec: { type, priority }, queue: { name: queue } }, reason: 'attempts_used' };
}

function sourceOf(queues: number): MetricsSource {
  const list = Array.from({ length: queues }, (_, at) => ({
    name: `q${at}`,
    paused: at === 1,
    scheduled: 1,
    queued: 2,
    running: 3,
    blocked: 7,
    input_required: 6,
    failed: 4,
    oldestReadyAgeMs: at * 1_000,
  }));
  return {
    queues: { list: () => list },
    distinct: () => ({ types: 12, agents: 7 }),
    status: () => ({
      agents: { ready: 5, asleep: 3, draining: 1, lost: 2, slots: 10, slotsUsed: 4 },
      log: { lastIndex: 77, checkpointIndex: 70 },
      store: { bytes: 4096, backlog: 6 },
      quantum: {
        pools: 2,
        dispatchFidelity: { value: 0.99, alarmBelow: 0.97 },
        targetFidelity: 0.8,
        entropyBits: null,
        alarms: ['targetFidelity'],
      },
      admission: {
        level: 'elevated',
        floor: 4.25,
        held: { tasks: 40, resting: 3 },
        shed: { byPriority: [7, 6, 5, 4, 3, 0, 0, 0, 0, 0], lists: 2 },
      },
    }),
    deadLetters: { counts: () => ({ groups: { open: 3, resolved: 2, ignored: 1 }, letters: 8 }) },
    recoveries: { counts: () => new Map([['agent.lost', 3]]) },
    checks: { list: () => [{ name: 'log', isOk: true }] },
    breakers: { counts: () => ({ agent: { closed: 2, open: 1, 'half-open': 0 } }) },
    operations: { running: 1 },
    admission: { thinning: { weigh: () => 1 } },
    observed: {
      loop: { backlog: { items: 9 } },
      scheduler: { plans: { placed: 8 }, heldGates: () => [{ kind: 'limit', gates: 2, tasks: 7 }] },
    },
  };
}

interface Family {
  readonly type: string;
  readonly lines: readonly {
    readonly name: string;
    readonly labels: Record<string, string>;
    readonly value: number;
  }[];
}

/** A strict reader of the text format: whatever it does not know throws. */
function parse(text: string): Map<string, Family> {
  const families = new Map<string, { type: string; lines: Family['lines'][number][] }>();
  let current = '';
  const seen = new Set<string>();
  expect(text.endsWith('\n')).toBe(true);
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const help = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) .+$/.exec(line);
    const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary)$/.exec(line);
    if (help !== null) {
      current = help[1] ?? '';
      if (families.has(current)) throw new Error(`${current} is there twice`);
      continue;
    }
    if (type !== null) {
      expect(type[1]).toBe(current);
      families.set(current, { type: type[2] ?? '', lines: [] });
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (sample === null) throw new Error(`no sample: ${line}`);
    const [, name = '', labelText = '', valueText = ''] = sample;
    if (!name.startsWith(current)) throw new Error(`${name} stands under ${current}`);
    const key = `${name}{${labelText}}`;
    if (seen.has(key)) throw new Error(`${key} is there twice`);
    seen.add(key);
    const value = valueText === '+Inf' ? Number.POSITIVE_INFINITY : Number(valueText);
    expect(valueText === 'Nan' || !Number.isNaN(value)).toBe(true);
    const pairs = labelText.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)/g);
    const labels = Object.fromEntries([...pairs].map(([, k = '', v = '']) => [k, v]));
    const rebuilt = Object.entries(labels)
      .map(([k, v]) => `${k}="${v}"`)
      .join(',');
    expect(rebuilt).toBe(labelText);
    families.get(current)?.lines.push({ name, labels, value });
  }
  return families;
}

describe('a scrape after load', () => {
  let families: Map<string, Family>;
  const value = (family: string, labels: Record<string, string> = {}, name = family): number => {
    const found = families
      .get(family)
      ?.lines.filter(
        (line) =>
          line.name === name &&
          Object.entries(labels).every(([label, text]) => line.labels[label] === text),
      );
    expect(found).toHaveLength(1);
    return found?.[0]?.value ?? Number.NaN;
  };

  beforeAll(async () => {
    const metrics = new Metrics({ version: '1.2.3' });
    metrics.observe(sourceOf(60));
    for (let at = 0; at < 300; at++) {
      const one = task(`q${at % 60}`, `t${at % 120}`, at % 10);
      metrics.submitted(one);
      metrics.started(one, 30);
      if (at % 3 === 0) metrics.completed(one, 2_000);
      if (at % 3 === 1) metrics.attemptFailed(one, { error: { code: `E${at % 40}` } });
      if (at % 3 === 1) metrics.failed(one);
      if (at % 3 === 2) metrics.canceled(one);
    }
    metrics.flushed(0.7);
    metrics.planned({ source: 'solver', durationMs: 40, isSolved: true, saved: 7.5 });
    metrics.planned({ source: 'none', durationMs: 2_100, isSolved: false, saved: 0 });
    metrics.webhookCalled('away');
    metrics.requested('POST', '/api/v1/tasks', 201, 3);
    metrics.requested('BREW', null, 404, 1);
    metrics.connected('sse');
    const left = metrics.connected('poll');
    left();
    left();
    families = parse(await metrics.render());
  });

  test('has every family under its name and type', () => {
    const types = Object.fromEntries([...families].map(([name, { type }]) => [name, type]));
    expect(types).toMatchObject({
      uqo_build_info: 'gauge',
      uqo_tasks_submitted_total: 'counter',
      uqo_tasks_finished_total: 'counter',
      uqo_task_attempts_total: 'counter',
      uqo_task_wait_seconds: 'histogram',
      uqo_task_run_seconds: 'histogram',
      uqo_queue_depth: 'gauge',
      uqo_queue_oldest_ready_age_seconds: 'gauge',
      uqo_queue_paused: 'gauge',
      uqo_agents: 'gauge',
      uqo_agent_slots: 'gauge',
      uqo_dead_letters_total: 'counter',
      uqo_wal_fsync_duration_seconds: 'histogram',
      uqo_log_index: 'gauge',
      uqo_checkpoint_index: 'gauge',
      uqo_store_size_bytes: 'gauge',
      uqo_store_backlog: 'gauge',
      uqo_quantum_target_fidelity: 'gauge',
      uqo_quantum_alarm: 'gauge',
      uqo_command_backlog: 'gauge',
      uqo_stream_clients: 'gauge',
      http_server_request_duration_seconds: 'histogram',
      nodejs_eventloop_lag_p99_seconds: 'gauge',
      nodejs_eventloop_utilization_ratio: 'gauge',
      process_cpu_seconds_total: 'counter',
    });
  });

  test('counts queues and types past their caps together', () => {
    const submitted = families.get('uqo_tasks_submitted_total')?.lines ?? [];
    const queues = new Set(submitted.map(({ labels }) => labels['queue']));
    const types = new Set(submitted.map(({ labels }) => labels['type']));
    expect(queues).toContain(OTHER);
    expect(types).toContain(OTHER);
    expect(queues.size).toBe(QUEUES_MAX + 1);
    expect(types.size).toBeLessThanOrEqual(TYPES_MAX + 1);
    expect(submitted.length).toBeLessThanOrEqual(PAIRS_MAX + 1);
    expect(submitted.reduce((sum, line) => sum + line.value, 0)).toBe(300);
  });

  test('sums gauges of queues past the cap', () => {
    expect(value('uqo_queue_depth', { queue: 'q0', state: 'dead' })).toBe(4);
    expect(value('uqo_queue_depth', { queue: OTHER, state: 'ready' })).toBe(20);
    expect(value('uqo_queue_oldest_ready_age_seconds', { queue: OTHER })).toBe(59);
    expect(value('uqo_queue_paused', { queue: 'q1' })).toBe(1);
  });

  test('has what the Born strategies learned, and no sample of what was not measured', () => {
    expect(value('uqo_quantum_target_fidelity', {})).toBe(0.8);
    expect(value('uqo_quantum_dispatch_fidelity', {})).toBe(0.99);
    expect(value('uqo_quantum_dispatch_fidelity_alarm_below', {})).toBe(0.97);
    expect(value('uqo_quantum_alarm', { measure: 'targetFidelity' })).toBe(1);
    expect(value('uqo_quantum_alarm', { measure: 'entropyBits' })).toBe(0);
    expect(families.get('uqo_quantum_entropy_bits')?.lines ?? []).toEqual([]);
  });

  test('has zero for every outcome of a pair that is known', () => {
    const finished = families.get('uqo_tasks_finished_total')?.lines ?? [];
    const outcomes = finished.filter(
      ({ labels }) => labels['queue'] === 'q0' && labels['type'] === 't0',
    );
    expect(outcomes.map(({ labels, value: count }) => [labels['outcome'], count])).toEqual([
      ['completed', 3],
      ['failed', 0],
      ['canceled', 0],
    ]);
  });

  test('bounds error types', () => {
    const attempts = families.get('uqo_task_attempts_total')?.lines ?? [];
    const codes = new Set(attempts.map(({ labels }) => labels['error_type']));
    expect(codes).toContain(OTHER);
    expect(codes.size).toBeLessThanOrEqual(22);
  });

  test('has histograms in seconds that add up', () => {
    const wait = 'uqo_task_wait_seconds';
    expect(value(wait, { queue: 'q0', priority: 'low', le: '0.025' }, `${wait}_bucket`)).toBe(0);
    expect(value(wait, { queue: 'q0', priority: 'low', le: '0.05' }, `${wait}_bucket`)).toBe(5);
    expect(value(wait, { queue: 'q0', priority: 'high' }, `${wait}_count`)).toBe(0);
    expect(value('uqo_wal_fsync_duration_seconds', {}, 'uqo_wal_fsync_duration_seconds_sum')).toBe(
      0.0007,
    );
  });

  test('tells requests by route, and strange methods together', () => {
    const requests = 'http_server_request_duration_seconds';
    expect(value(requests, { http_route: '/api/v1/tasks' }, `${requests}_count`)).toBe(1);
    expect(value(requests, { http_request_method: '_OTHER' }, `${requests}_count`)).toBe(1);
  });

  test('tells of plans and of calls of agents', () => {
    expect(value('uqo_plans_total', { source: 'solver' })).toBe(1);
    expect(value('uqo_plans_total', { source: 'none' })).toBe(1);
    expect(value('uqo_plan_failures_total')).toBe(1);
    expect(value('uqo_plan_cost_saved_total')).toBe(7.5);
    expect(value('uqo_planned_tasks_total')).toBe(8);
    expect(value('uqo_plan_seconds', {}, 'uqo_plan_seconds_sum')).toBeCloseTo(2.14);
    expect(value('uqo_webhook_calls_total', { outcome: 'away' })).toBe(1);
  });

  test('reads agents, log and store from the source', () => {
    expect(value('uqo_agents', { state: 'asleep' })).toBe(3);
    expect(value('uqo_distinct_names', { kind: 'agents' })).toBe(7);
    expect(value('uqo_agents', { state: 'lost' })).toBe(2);
    expect(value('uqo_agent_slots', { state: 'free' })).toBe(6);
    expect(value('uqo_log_index')).toBe(77);
    expect(value('uqo_command_backlog')).toBe(9);
    expect(value('uqo_admission_level')).toBe(1);
    expect(value('uqo_admission_floor')).toBe(4.25);
    expect(value('uqo_admission_shed_total', { priority: '3' })).toBe(4);
    expect(value('uqo_admission_shed_lists_total')).toBe(2);
    expect(value('uqo_admission_held_tasks')).toBe(40);
    expect(value('uqo_admission_resting_channels')).toBe(3);
    expect(value('uqo_stream_clients', { transport: 'sse' })).toBe(1);
    expect(value('uqo_stream_clients', { transport: 'poll' })).toBe(0);
  });
});

test('values that are left out under load are stood for by those that are not; counts are exact', async () => {
  const metrics = new Metrics({ version: '0' });
  const weights = [0, 0, 3, 0, 0, 3];
  const weigh = (): number => weights.shift() ?? 1;
  metrics.observe({ ...sourceOf(1), admission: { thinning: { weigh } } });
  const task = {
    profile: { spec: { type: 't', priority: 4 }, queue: { name: 'q' } },
    reason: null,
  };
  for (let i = 0; i < 6; i++) metrics.completed(task, 20);
  const families = parse(await metrics.render());
  const values = (family: string, name: string): number[] =>
    (families.get(family)?.lines ?? [])
      .filter((line) => line.name === name && line.value > 0)
      .map((line) => line.value);
  expect(values('uqo_task_run_seconds', 'uqo_task_run_seconds_count')).toEqual([6]);
  expect(values('uqo_tasks_finished_total', 'uqo_tasks_finished_total')).toEqual([6]);
});

test('a label is escaped', async () => {
  const metrics = new Metrics({ version: 'a"b\\c' });
  expect(await metrics.render()).toContain('version="a\\"b\\\\c"');
});

test('a queue that is removed takes its series along and makes room for another name', async () => {
  const metrics = new Metrics({ version: '1.2.3' });
  const last = task(`q${QUEUES_MAX - 1}`, 'mail');
  for (let at = 0; at < QUEUES_MAX; at++) metrics.submitted(task(`q${at}`, 'mail'));
  metrics.failed(last);
  metrics.queueRemoved(`q${QUEUES_MAX - 1}`);
  metrics.submitted(task('late', 'mail'));
  metrics.queueRemoved('never counted');
  const text = await metrics.render();
  expect(text).not.toContain(`queue="q${QUEUES_MAX - 1}"`);
  expect(text).toContain('uqo_tasks_submitted_total{queue="late",type="mail"} 1');
  expect(text).not.toContain(OTHER);
  metrics.submitted(task(`q${QUEUES_MAX - 1}`, 'mail'));
  expect(await metrics.render()).toContain(OTHER);
});
