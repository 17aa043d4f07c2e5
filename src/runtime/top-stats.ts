import { HyperLogLog } from '../base/hyper-log-log.ts';
import { mergeTops, SpaceSaving, type TopName } from '../base/space-saving.ts';
import type { TopView } from '../contract/index.ts';
import type { AttemptFailure, Task } from '../core/index.ts';
import { iso } from './views.ts';

/** Names kept of each kind: one with more than a 200th of all is among them. */
const NAMES_MAX = 200;
/** Two windows take turns, so that what was long ago is forgotten. */
const WINDOW_MS = 300_000;

/** What is counted in one window. About 0.2 MiB, whatever is counted. */
class Window {
  readonly startedAt: number;
  readonly submittedTypes = new SpaceSaving(NAMES_MAX);
  readonly submittedNamespaces = new SpaceSaving(NAMES_MAX);
  readonly busyTypes = new SpaceSaving(NAMES_MAX);
  readonly busyNamespaces = new SpaceSaving(NAMES_MAX);
  readonly busyAgents = new SpaceSaving(NAMES_MAX);
  readonly failedTypes = new SpaceSaving(NAMES_MAX);
  readonly failedAgents = new SpaceSaving(NAMES_MAX);
  readonly failureCodes = new SpaceSaving(NAMES_MAX);
  readonly types = new HyperLogLog();
  readonly namespaces = new HyperLogLog();
  readonly agents = new HyperLogLog();
  readonly keys = new HyperLogLog();

  constructor(startedAt: number) {
    this.startedAt = startedAt;
  }
}

type ListName = {
  [Name in keyof Window]: Window[Name] extends SpaceSaving ? Name : never;
}[keyof Window];
type CountName = {
  [Name in keyof Window]: Window[Name] extends HyperLogLog ? Name : never;
}[keyof Window];

/**
 * Who has most of the work of the last five to ten minutes, and of the failures; and how many different names were
 * seen. Constant memory, O(1) for each task.
 *
 * Time is that of the log, so that whoever follows counts the same.
 */
export class TopStats {
  #now: Window;
  #before: Window | null = null;
  #lastSpec: Task['profile']['spec'] | null = null;

  /** @param nowMs - in milliseconds since 1970 */
  constructor(nowMs: number) {
    this.#now = new Window(nowMs);
  }

  submitted(task: Task, nowMs: number): void {
    const { spec } = task.profile;
    const window = this.#at(nowMs);
    window.submittedTypes.add(spec.type);
    window.submittedNamespaces.add(spec.namespace);
    // Neighbours mostly share their spec: that it was seen is known then.
    if (spec !== this.#lastSpec) {
      this.#lastSpec = spec;
      window.types.add(spec.type);
      window.namespaces.add(spec.namespace);
    }
    const control = task.extra?.control ?? null;
    if (task.affinityKey !== null) window.keys.add(task.affinityKey);
    if (control?.concurrencyKey != null) window.keys.add(control.concurrencyKey);
    if (control?.fairnessKey != null) window.keys.add(control.fairnessKey);
  }

  /** An attempt completed; `runMs` without the time that people took. */
  completed(task: Task, agentId: string, runMs: number, nowMs: number): void {
    this.#ended(this.#at(nowMs), task, agentId, runMs);
  }

  failed(task: Task, { agentId, error }: AttemptFailure, runMs: number, nowMs: number): void {
    const window = this.#at(nowMs);
    this.#ended(window, task, agentId, runMs);
    window.failedTypes.add(task.profile.spec.type);
    window.failedAgents.add(agentId);
    window.failureCodes.add(error.code);
  }

  /** @param limit - names in each list, at most */
  view(limit: number, nowMs: number): TopView {
    const windows = this.#windows(nowMs);
    const top = (name: ListName): TopName[] =>
      mergeTops(
        windows.map((window) => window[name]),
        limit,
      );
    const sum = (name: ListName): number =>
      windows.reduce((total, window) => total + window[name].sum, 0);
    return {
      since: iso(windows[0]?.startedAt ?? nowMs),
      submitted: {
        tasks: sum('submittedTypes'),
        types: top('submittedTypes'),
        namespaces: top('submittedNamespaces'),
      },
      busy: {
        ms: sum('busyTypes'),
        types: top('busyTypes'),
        namespaces: top('busyNamespaces'),
        agents: top('busyAgents'),
      },
      failures: {
        attempts: sum('failureCodes'),
        types: top('failedTypes'),
        agents: top('failedAgents'),
        codes: top('failureCodes'),
      },
      distinct: this.distinct(nowMs),
    };
  }

  /** How many different names were seen, by kind. */
  distinct(nowMs: number): TopView['distinct'] {
    const windows = this.#windows(nowMs);
    const count = (name: CountName): number => {
      const all = new HyperLogLog();
      for (const window of windows) all.merge(window[name]);
      return all.count();
    };
    return {
      types: count('types'),
      namespaces: count('namespaces'),
      agents: count('agents'),
      keys: count('keys'),
    };
  }

  #ended(window: Window, { profile }: Task, agentId: string, runMs: number): void {
    window.agents.add(agentId);
    // Clocks have whole milliseconds: what took less counts as half of one.
    const busyMs = Math.max(runMs, 0.5);
    window.busyTypes.add(profile.spec.type, busyMs);
    window.busyNamespaces.add(profile.spec.namespace, busyMs);
    window.busyAgents.add(agentId, busyMs);
  }

  #windows(nowMs: number): readonly Window[] {
    const now = this.#at(nowMs);
    return this.#before === null ? [now] : [this.#before, now];
  }

  #at(nowMs: number): Window {
    const passedMs = nowMs - this.#now.startedAt;
    if (passedMs >= WINDOW_MS) {
      // After a longer pause what is left is of no late time.
      this.#before = passedMs >= 2 * WINDOW_MS ? null : this.#now;
      this.#now = new Window(nowMs);
      this.#lastSpec = null;
    }
    return this.#now;
  }
}
