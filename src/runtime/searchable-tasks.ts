/** Live and finished tasks as queries see them, nothing of them read before it is asked for. */
import type { ErrorInfo, SearchableTask } from '../contract/index.ts';
import { isLeased, startedAtOf, type Task, type TaskSpec } from '../core/index.ts';
import type { FinishedSummary } from '../store/index.ts';

/** What both kinds have under the same name. */
interface Described {
  readonly id: string;
  readonly state: Task['state'];
  readonly attempt: number;
  readonly reason: string | null;
  readonly affinityKey: string | null;
  readonly idempotencyKey: string | null;
  readonly createdAt: number;
  readonly deadlineAt: number;
  readonly payloadBytes: number;
  readonly metadata: Task['metadata'];
  readonly error: Task['error'];
  readonly failures: Task['failures'];
  readonly extra: Task['extra'];
}

abstract class SearchedTask<Of extends Described> implements SearchableTask {
  protected readonly task: Of;

  constructor(task: Of) {
    this.task = task;
  }

  abstract get spec(): TaskSpec;
  abstract get agentId(): string | null;
  abstract get stateAt(): number;
  abstract get startedAt(): number;
  abstract get endedAt(): number;
  abstract get runAt(): number;

  get id(): string {
    return this.task.id;
  }
  get state(): Task['state'] {
    return this.task.state;
  }
  get type(): string {
    return this.spec.type;
  }
  get queue(): string {
    return this.spec.queue;
  }
  get namespace(): string {
    return this.spec.namespace;
  }
  get priority(): number {
    return this.spec.priority;
  }
  get labels(): Readonly<Record<string, string>> {
    return this.spec.requires.labels;
  }
  get capabilities(): readonly string[] {
    return this.spec.requires.capabilities;
  }
  get attempt(): number {
    return this.task.attempt;
  }
  get reason(): string | null {
    return this.task.reason;
  }
  get error(): ErrorInfo | null {
    return this.task.error ?? this.task.failures.at(-1)?.error ?? null;
  }
  get affinityKey(): string | null {
    return this.task.affinityKey;
  }
  get idempotencyKey(): string | null {
    return this.task.idempotencyKey;
  }
  get concurrencyKey(): string | null {
    return this.task.extra?.control?.concurrencyKey ?? null;
  }
  get flow(): string | null {
    return this.task.extra?.family?.flowId ?? null;
  }
  get parent(): string | null {
    return this.task.extra?.family?.parentId ?? null;
  }
  get schedule(): string | null {
    return this.task.extra?.schedule?.key ?? null;
  }
  get createdAt(): number {
    return this.task.createdAt;
  }
  get deadlineAt(): number {
    return this.task.deadlineAt;
  }
  get payloadBytes(): number {
    return this.task.payloadBytes;
  }
  get metadata(): Task['metadata'] {
    return this.task.metadata;
  }
}

export class SearchedLive extends SearchedTask<Task> {
  get spec(): TaskSpec {
    return this.task.profile.spec;
  }
  get agentId(): string | null {
    return this.task.agentId ?? this.task.failures.at(-1)?.agentId ?? null;
  }
  get stateAt(): number {
    return this.task.stateAt;
  }
  get startedAt(): number {
    const { task } = this;
    return isLeased(task) ? startedAtOf(task) : (task.failures.at(-1)?.startedAt ?? 0);
  }
  get endedAt(): number {
    const { task } = this;
    return isLeased(task) ? 0 : (task.failures.at(-1)?.endedAt ?? 0);
  }
  get runAt(): number {
    return this.task.runAt;
  }
}

export class SearchedFinished extends SearchedTask<FinishedSummary> {
  get spec(): TaskSpec {
    return this.task.spec;
  }
  get agentId(): string | null {
    return this.task.agentId ?? this.task.failures.at(-1)?.agentId ?? null;
  }
  get stateAt(): number {
    return this.task.finishedAt;
  }
  get startedAt(): number {
    return this.task.startedAt || (this.task.failures.at(-1)?.startedAt ?? 0);
  }
  /** Only a completed task's attempt ended with it. */
  get endedAt(): number {
    const { failures, finishedAt, startedAt } = this.task;
    return startedAt === 0 ? (failures.at(-1)?.endedAt ?? 0) : finishedAt;
  }
  get runAt(): number {
    return 0;
  }
}
