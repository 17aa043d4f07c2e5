/** Concurrency keys, named limits, bounds of queues; changed and paused meanwhile. */
import type { Rate } from '../../../src/core/index.ts';
import type { AskedTask, Fact } from '../log/fact.ts';
import { Family } from '../proofs/family.ts';
import { byEntry } from '../proofs/once.ts';
import { Check, type Evidence, type Proof } from '../proofs/proof.ts';
import type { DrillTask, DrillUser } from '../world/drill-user.ts';
import type { Feature } from './feature.ts';

const RETRY = { attemptsMax: 100, delayMs: 10, delayMsMax: 200 };

async function load(user: DrillUser): Promise<void> {
  const { rng } = user;
  await user.call('PUT', '/limits/drill-slots', { concurrencyMax: 3 });
  await user.call('PUT', '/limits/drill-rate', { rate: { units: 30, perMs: 1_000, burst: 10 } });
  await user.call('PUT', '/queues/drill-narrow', { concurrencyMax: 2 });
  await user.call('PUT', '/queues/drill-slow', { rate: { units: 10, perMs: 1_000, burst: 3 } });
  while (!user.isOver) {
    await user.submit(Array.from({ length: 1 + rng.below(5) }, () => limited(user)));
    if (rng.below(10) === 0) await change(user);
    await user.pause(rng.below(250));
  }
  await user.call('POST', '/queues/drill-narrow/resume', {});
}

function limited({ rng }: DrillUser): DrillTask {
  const base: DrillTask = { retry: RETRY, work: { ms: rng.below(30) } };
  const key = `k${rng.below(3)}`;
  switch (rng.below(5)) {
    case 0:
      return { ...base, concurrencyKey: key, concurrency: { limit: 2 } };
    case 1:
      return { ...base, limits: [{ name: 'drill-slots', key }] };
    case 2:
      return { ...base, limits: [{ name: 'drill-rate', key, units: 1 + rng.below(5) }] };
    case 3:
      return { ...base, queue: 'drill-narrow' };
    default:
      return { ...base, queue: 'drill-slow' };
  }
}

async function change(user: DrillUser): Promise<void> {
  const { rng } = user;
  switch (rng.below(3)) {
    case 0:
      await user.call('PUT', '/limits/drill-slots', { concurrencyMax: 1 + rng.below(4) });
      return;
    case 1: {
      const rate = { units: 10 + rng.below(40), perMs: 1_000, burst: 5 + rng.below(10) };
      await user.call('PUT', '/limits/drill-rate', { rate });
      return;
    }
    default:
      await user.call('POST', '/queues/drill-narrow/pause', {});
      await user.pause(500);
      await user.call('POST', '/queues/drill-narrow/resume', {});
  }
}

function prove(evidence: Evidence): readonly Proof[] {
  return [keys(evidence), concurrency(evidence), rates(evidence), pauses(evidence)];
}

/** An attempt, and all that it counts towards. */
interface Holder {
  readonly task: AskedTask;
  readonly queue: string;
}

/** Walks through the starts, each with all that runs at that moment, itself included. */
function* starts(
  facts: readonly Fact[],
): Generator<{ readonly self: Holder; readonly all: readonly Holder[]; readonly at: number }> {
  const { tasks } = new Family(facts);
  const running = new Map<string, Holder>();
  for (const fact of facts) {
    if (fact.type === 'ended') running.delete(fact.taskId);
    if (fact.type !== 'started') continue;
    const task = tasks.get(fact.taskId);
    if (task === undefined) continue;
    const self = { task, queue: fact.queue };
    running.set(fact.taskId, self);
    yield { self, all: [...running.values()], at: fact.at };
  }
}

function keys({ log }: Evidence): Proof {
  const check = new Check('no concurrency key had more running than its task allows');
  for (const { all, self } of starts(log.facts)) {
    const { concurrencyKey } = self.task.item;
    if (concurrencyKey === undefined) continue;
    const { id, spec } = self.task;
    const limit = spec.rules?.concurrency?.limit ?? 1;
    const alike = all.filter(
      ({ task }) =>
        task.item.concurrencyKey === concurrencyKey && task.spec.namespace === spec.namespace,
    );
    check.that(
      alike.length <= limit,
      () => `${id}: ${alike.length} of ${limit} of ${concurrencyKey}`,
    );
  }
  return check.proof;
}

/** Named limits and queues: their settings as they were at each start. */
function concurrency({ log }: Evidence): Proof {
  const check = new Check('no limit and no queue had more running than was allowed');
  const walk = starts(log.facts);
  const bounds = new Map<string, number>();
  for (const fact of log.facts) {
    if (fact.type === 'limit')
      setBound(bounds, `limit ${fact.name}`, fact.settings?.concurrencyMax);
    if (fact.type === 'queue') setBound(bounds, `queue ${fact.name}`, fact.settings.concurrencyMax);
    if (fact.type !== 'started') continue;
    const next = walk.next();
    if (next.done === true) break;
    const { all, self } = next.value;
    for (const name of concurrencyNames(self)) {
      const bound = bounds.get(name.bound);
      if (bound === undefined) continue;
      const alike = all.filter((each) => concurrencyNames(each).some(({ id }) => id === name.id));
      check.that(
        alike.length <= bound,
        () => `${self.task.id}: ${alike.length} of ${bound} of ${name.id}`,
      );
    }
  }
  return check.proof;
}

function setBound(
  bounds: Map<string, number>,
  name: string,
  bound: number | null | undefined,
): void {
  if (bound == null) bounds.delete(name);
  else bounds.set(name, bound);
}

function concurrencyNames({
  queue,
  task,
}: Holder): { readonly bound: string; readonly id: string }[] {
  const named = (task.item.limits ?? []).map(({ key = '', name }) => ({
    bound: `limit ${name}`,
    id: `limit ${name} for ${key}`,
  }));
  return [...named, { bound: `queue ${queue}`, id: `queue ${queue}` }];
}

interface Draw {
  readonly at: number;
  readonly units: number;
  readonly taskId: string;
}

/** Between two changes of a rate: all draws of each of its buckets. */
class Stretch {
  readonly rate: Rate;
  readonly draws = new Map<string, Draw[]>();

  constructor(rate: Rate) {
    this.rate = rate;
  }

  draw(bucket: string, draw: Draw): void {
    const known = this.draws.get(bucket);
    if (known === undefined) this.draws.set(bucket, [draw]);
    else known.push(draw);
  }
}

function rates({ log }: Evidence): Proof {
  const check = new Check('in no stretch of time did more start than burst and rate allow');
  for (const { draws, rate } of stretchesOf(log.facts)) {
    for (const [bucket, drawn] of draws) judge(check, rate, { bucket, drawn });
  }
  return check.proof;
}

/** Every window from one draw to another, one by one. */
function judge(
  check: Check,
  { burst, perMs, units }: Rate,
  { bucket, drawn }: { readonly bucket: string; readonly drawn: readonly Draw[] },
): void {
  for (const [from, first] of drawn.entries()) {
    let sum = 0;
    for (const draw of drawn.slice(from)) {
      sum += draw.units;
      const allowed = (burst ?? units) + ((draw.at - first.at) * units) / perMs;
      const [got, most] = [sum, allowed];
      check.that(
        got <= most + 1e-6,
        () => `${bucket}: ${got} of ${most} units from ${first.taskId} to ${draw.taskId}`,
      );
    }
  }
}

function stretchesOf(facts: readonly Fact[]): readonly Stretch[] {
  const all: Stretch[] = [];
  const now = new Map<string, Stretch>();
  const begin = (name: string, rate: Rate | null | undefined): void => {
    now.delete(name);
    if (rate == null) return;
    const stretch = new Stretch(rate);
    all.push(stretch);
    now.set(name, stretch);
  };
  const { tasks } = new Family(facts);
  for (const fact of facts) {
    if (fact.type === 'limit') begin(`limit ${fact.name}`, fact.settings?.rate);
    else if (fact.type === 'queue') begin(`queue ${fact.name}`, fact.settings.rate);
    if (fact.type !== 'started') continue;
    const { at, queue, taskId } = fact;
    for (const { key = '', name, units = 1 } of tasks.get(taskId)?.item.limits ?? []) {
      now.get(`limit ${name}`)?.draw(`limit ${name} for ${key}`, { at, units, taskId });
    }
    now.get(`queue ${queue}`)?.draw(`queue ${queue}`, { at, units: 1, taskId });
  }
  return all;
}

function pauses({ log }: Evidence): Proof {
  const check = new Check('nothing started from a queue while it was paused');
  const paused = new Set<string>();
  for (const entry of byEntry(log.facts)) {
    for (const fact of entry) {
      if (fact.type !== 'queue') continue;
      if (fact.settings.isPaused) paused.add(fact.name);
      else paused.delete(fact.name);
    }
    for (const fact of entry) {
      if (fact.type !== 'started') continue;
      const { queue, taskId } = fact;
      check.that(!paused.has(queue), () => `${taskId} started from ${queue}`);
    }
  }
  return check.proof;
}

export const limits: Feature = { name: 'limits', load, prove };
