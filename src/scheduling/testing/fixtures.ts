/** Core's records as tests of the scheduler need them, made without core. */
import {
  meetsRequirement,
  requirementKey,
  UNTRACKED,
  type Agent,
  type AgentId,
  type AgentSpec,
  type Profile,
  type Queue,
  type Requirement,
  type StrategyName,
  type Task,
  type TaskId,
} from '../../core/index.ts';

export function makeAgent(id: string, spec: Partial<AgentSpec> = {}): Agent {
  return {
    id: id as AgentId,
    spec: {
      kind: 'general',
      capabilities: ['work'],
      slots: 1,
      labels: {},
      cost: 0,
      weight: 1,
      heartbeatMs: 10_000,
      ...spec,
    },
    incarnation: '1',
    state: 'ready',
    stateAt: 0,
    registeredAt: 0,
    leases: new Set(),
    waiting: 0,
    breaker: null,
    trust: null,
    ...UNTRACKED,
  };
}

export function makeQueue(name: string, strategy: StrategyName): Queue {
  const settings = { strategy, depthMax: 1_000_000 };
  return {
    name,
    settings,
    paused: false,
    gate: null,
    mirror: null,
    scheduled: 0,
    held: false,
    blocked: 0,
    queued: 0,
    running: 0,
    input_required: 0,
    failed: 0,
    ...UNTRACKED,
  };
}

export interface ProfileChoice {
  readonly queue: Queue;
  readonly requires?: Partial<Requirement>;
  readonly priority?: number;
  readonly namespace?: string;
}

export function makeProfile({
  queue,
  requires,
  priority = 4,
  namespace = 'default',
}: ProfileChoice): Profile {
  const full: Requirement = { capabilities: ['work'], labels: {}, ...requires };
  const retry = {
    attemptsMax: 1,
    strategy: 'fixed',
    delayMs: 0,
    delayMsMax: 0,
    jitter: 0,
    nonRetryable: [],
  } as const;
  return {
    id: 1,
    key: '',
    spec: {
      namespace,
      queue: queue.name,
      type: 'work',
      priority,
      requires: full,
      retry,
      timeouts: {},
    },
    signature: requirementKey(full),
    queue,
    gates: null,
    meets: new Map(),
    tasks: 1,
    ...UNTRACKED,
  };
}

export function makeTask(seq: number, profile: Profile, affinityKey: string | null = null): Task {
  return {
    id: `task-${seq}` as TaskId,
    seq,
    profile,
    payloadBytes: 0,
    createdAt: 0,
    affinityKey,
    idempotencyKey: null,
    deadlineAt: 0,
    metadata: null,
    state: 'queued',
    reason: null,
    stateAt: 0,
    runAt: 0,
    attempt: 0,
    fencingToken: 0,
    agentId: null,
    runUntil: 0,
    delayMsLast: 0,
    failures: [],
    error: null,
    extra: null,
    links: null,
    gates: null,
    dueAt: 0,
    timerSlot: -1,
    payload: null,
    waiting: null,
    share: null,
    listed: null,
    listeners: null,
    changeEpoch: 0,
    isStored: false,
  };
}

export function canTake(agent: Agent, task: Task): boolean {
  return meetsRequirement(agent.spec, task.profile.spec.requires);
}
