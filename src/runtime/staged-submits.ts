/**
 * Brings submits that are too large for one entry in parts: no turn of the loop is long, and all of it is
 * accepted by the last entry or nothing is.
 */
import { OrchestratorError } from '../base/errors.ts';
import type {
  Command,
  CommandResult,
  CoreState,
  NewFlow,
  NewTask,
  ParentEnd,
  SessionRef,
  TaskId,
  TaskSpec,
} from '../core/index.ts';
import { recallOutcome } from '../core/index.ts';
import type { Store } from '../store/index.ts';
import type { Clock } from './clock.ts';
import type { CommandLoop } from './command-loop.ts';
import { refsInSlices } from './dependencies.ts';
import { flowOrder } from './flow-order.ts';
import { refusalError } from './refusal.ts';
import { Slices } from './slices.ts';
import type { StageWaits } from './stage-waits.ts';
import { newTask, type Submission } from './submission.ts';
import type { TaskIdSource } from './task-ids.ts';
import type { SubmittedTasks } from './task-service.ts';

/** Submits of more tasks come in parts. */
const WHOLE_TASKS_MAX = 1_000;
/** Tasks of a part, and UTF-16 units of their payloads and names of their parents, about. */
const PART_TASKS_MAX = 500;
const PART_LENGTH_MAX = 512 * 1024;
/** About what a parent takes in an entry. */
const EDGE_LENGTH = 40;

export interface StagedSubmitsParts {
  readonly state: CoreState;
  readonly store: Store;
  readonly loop: CommandLoop;
  readonly ids: TaskIdSource;
  readonly clock: Clock;
  readonly stages: StageWaits;
  /** The flow of a submit, or the one it repeats. */
  readonly flowOf: (flowId: string, ids: readonly TaskId[]) => string;
  /** Hash of the payload of a running task, where its own submit did not tell it. */
  readonly rootHashOf: (parentId: TaskId) => string | null;
}

interface Part {
  readonly specs: readonly TaskSpec[];
  readonly tasks: readonly NewTask[];
  readonly payloads: readonly string[];
  /** Positions in the submit. */
  readonly positions: readonly number[];
}

/** Whether a submit comes in parts. */
export function isLarge({ payloads }: Submission): boolean {
  return payloads.length > WHOLE_TASKS_MAX;
}

export class StagedSubmits {
  readonly #parts: StagedSubmitsParts;

  constructor(parts: StagedSubmitsParts) {
    this.#parts = parts;
  }

  /**
   * Submits tasks, all or none; resolves when they are there.
   *
   * @throws OrchestratorError core's rejection code, `OVERLOADED` while too many are on their way
   */
  async submit(submission: Submission): Promise<SubmittedTasks> {
    const { flow: head, session } = submission;
    const before = session === undefined ? null : this.#recall(session);
    if (before !== null) return this.#again(before);
    const { ids: source } = this.#parts;
    const stageId = source.next();
    const flow = head === undefined ? null : { id: stageId as string, ...head };
    // In one go: a flow's ids follow each other, and so does its list.
    const ids = submission.payloads.map(() => source.next());
    const { parts, tasks } = await this.#read(submission, ids);
    try {
      for (const [index, part] of parts.entries()) {
        const { payloads, positions, specs, tasks: some } = part;
        const command = {
          type: 'stage.add',
          stageId,
          index,
          specs,
          tasks: some,
          payloads,
        } as const;
        throwAt(await this.#parts.loop.propose(command), positions);
      }
      await this.#commit({ stageId, parts: parts.length, flow, tasks, session });
    } catch (error) {
      this.#drop(stageId);
      throw error;
    }
    // The same submit, sent again meanwhile, may have been committed before it.
    const taken = session === undefined ? null : this.#recall(session);
    if (taken !== null && !this.#parts.state.records.stages.get(stageId)) return this.#again(taken);
    return this.#accepted(stageId, ids, flow);
  }

  /** What a submit of a session was answered, or null for one that was not. @throws OrchestratorError `SESSION_EXPIRED` */
  #recall(session: SessionRef): readonly TaskId[] | null {
    const { state } = this.#parts;
    const outcome = recallOutcome(state, session, state.nowMs);
    if (outcome !== null && 'code' in outcome) throw refusalError(outcome);
    return outcome;
  }

  /** Answers a submit that was taken before, once its tasks are there. */
  async #again(ids: readonly TaskId[]): Promise<SubmittedTasks> {
    const { stages, state } = this.#parts;
    const last = ids.at(-1) as TaskId;
    const under = [...state.records.stages.values()].find((stage) => stage.ids.has(last));
    if (under !== undefined) await stages.wait(under.key);
    return { ids, repeated: [...ids.keys()], flowId: null };
  }

  close(): void {
    this.#parts.stages.close();
  }

  async #accepted(
    stageId: string,
    ids: readonly TaskId[],
    flow: NewFlow | null,
  ): Promise<SubmittedTasks> {
    const { flowOf, stages, state } = this.#parts;
    // No other entry was applied since the one that accepted it.
    const stage = state.records.stages.get(stageId);
    const repeats = new Map(stage?.repeats);
    if (stage !== undefined) await stages.wait(stageId);
    const known = ids.map((id) => repeats.get(id) ?? id);
    const repeated =
      repeats.size === 0 ? [] : ids.flatMap((id, at) => (repeats.has(id) ? [at] : []));
    return { ids: known, repeated, flowId: flow === null ? null : flowOf(flow.id, known) };
  }

  /** The tasks of a submit in parts, each task after those that it depends on. */
  async #read(
    submission: Submission,
    ids: readonly TaskId[],
  ): Promise<{ readonly parts: readonly Part[]; readonly tasks: readonly NewTask[] }> {
    const slices = new Slices(this.#parts.clock);
    const refs = await refsInSlices(submission.extras, ids, slices);
    const hashes = new Map<TaskId, string | null>();
    const rootHashOf = (parentId: TaskId): string | null => {
      const known = hashes.get(parentId);
      if (known !== undefined) return known;
      const hash = this.#parts.rootHashOf(parentId);
      hashes.set(parentId, hash);
      return hash;
    };
    const named = { ids, refs, rootHashOf };
    const tasks: NewTask[] = [];
    const own = new Map<TaskId, number>();
    for (const [position, id] of ids.entries()) {
      tasks.push(newTask(submission, position, named));
      own.set(id, position);
      if (slices.isOver) await slices.next();
    }
    await slices.next();
    const order = await flowOrder(tasks, own, slices);
    return { parts: await partsOf(submission, { order, tasks }, slices), tasks };
  }

  /** Proposes the commit, with what the history knows of parents that have ended. */
  async #commit({ flow, parts, session, stageId, tasks }: Commit): Promise<void> {
    const { loop } = this.#parts;
    const ends: ParentEnd[] = [];
    const outer = await this.#outerParents(tasks);
    this.#learn(outer, ends);
    for (;;) {
      const command: Command = {
        type: 'stage.commit',
        stageId,
        parts,
        ...(ends.length === 0 ? {} : { ends: [...ends] }),
        ...(flow === null ? {} : { flow }),
        ...(session === undefined ? {} : { session }),
      };
      const result = await loop.propose(command);
      if (result.type !== 'refused') return;
      const { code, details } = result.rejection;
      const isUnknown = code === 'FLOW_TASK_NOT_FOUND';
      if (isUnknown) outer.add(details['taskId'] as TaskId);
      // What has ended stays so: each refusal teaches at least one more, or is final.
      if (!isUnknown || !this.#learn(outer, ends)) throw refusalError(result.rejection);
    }
  }

  /** Tasks of others that these depend on. */
  async #outerParents(tasks: readonly NewTask[]): Promise<Set<TaskId>> {
    const slices = new Slices(this.#parts.clock);
    const own = new Set<TaskId>();
    for (const { id } of tasks) {
      own.add(id);
      if (slices.isOver) await slices.next();
    }
    const outer = new Set<TaskId>();
    for (const { dependsOn = [] } of tasks) {
      for (const { taskId } of dependsOn) {
        if (!own.has(taskId)) outer.add(taskId);
        if (slices.isOver) await slices.next();
      }
    }
    return outer;
  }

  /** Adds the ends of parents that are in the history; whether there were any new ones. */
  #learn(outer: ReadonlySet<TaskId>, ends: ParentEnd[]): boolean {
    const { state, store } = this.#parts;
    const known = new Set(ends.map(({ taskId }) => taskId));
    for (const taskId of outer) {
      const finished = known.has(taskId) || state.tasks.has(taskId) ? null : store.summary(taskId);
      if (finished === null) continue;
      const name = finished.extra?.flow?.ref ?? taskId;
      ends.push({ taskId, name, state: finished.state, code: finished.error?.code ?? null });
    }
    return ends.length > known.size;
  }

  /** Lets go of what was staged; core does so itself after a while. */
  #drop(stageId: string): void {
    const { loop, state } = this.#parts;
    if (state.records.stages.get(stageId)?.isCommitted !== false) return;
    loop.propose({ type: 'stage.drop', stageId }).catch(() => undefined);
  }
}

interface Commit {
  readonly stageId: string;
  readonly parts: number;
  readonly flow: NewFlow | null;
  readonly session: SessionRef | undefined;
  readonly tasks: readonly NewTask[];
}

async function partsOf(
  { payloads, specs }: Submission,
  { order, tasks }: { readonly order: readonly number[]; readonly tasks: readonly NewTask[] },
  slices: Slices,
): Promise<Part[]> {
  const parts: Part[] = [];
  let positions: number[] = [];
  let length = 0;
  const end = (): void => {
    if (positions.length > 0) parts.push(partOf({ payloads, specs, tasks }, positions));
    positions = [];
    length = 0;
  };
  for (const position of order) {
    const edges = tasks[position]?.dependsOn?.length ?? 0;
    length += (payloads[position]?.length ?? 0) + edges * EDGE_LENGTH;
    if (positions.length >= PART_TASKS_MAX || length > PART_LENGTH_MAX) {
      end();
      if (slices.isOver) await slices.next();
    }
    positions.push(position);
  }
  end();
  return parts;
}

interface Whole extends Pick<Submission, 'payloads' | 'specs'> {
  readonly tasks: readonly NewTask[];
}

/** A part has the specs that its tasks use, and those only. */
function partOf({ payloads, specs, tasks }: Whole, positions: readonly number[]): Part {
  const places = new Map<number, number>();
  const some = positions.map((position) => {
    const task = tasks[position] as NewTask;
    const place = places.get(task.spec) ?? places.size;
    places.set(task.spec, place);
    return { ...task, spec: place };
  });
  return {
    specs: [...places.keys()].map((spec) => specs[spec] as TaskSpec),
    tasks: some,
    payloads: positions.map((position) => payloads[position] ?? 'null'),
    positions,
  };
}

/** Throws the refusal of a part, with the position that its task had in the submit. */
function throwAt(result: CommandResult, positions: readonly number[]): void {
  if (result.type !== 'refused') return;
  const { rejection } = result;
  const { position } = rejection.details;
  if (rejection.code === 'STAGE_FULL') {
    throw new OrchestratorError('OVERLOADED', rejection.message, { retryAfterMs: 5_000 });
  }
  const at = typeof position === 'number' ? { position: positions[position] ?? position } : {};
  throw refusalError({ ...rejection, details: { ...rejection.details, ...at } });
}
