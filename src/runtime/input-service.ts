/** Questions of attempts, and the answers of people. */
import { OrchestratorError } from '../base/errors.ts';
import { ANSWERS_MAX, readAnswer, type AskedPrompt } from '../contract/index.ts';
import {
  leasedTask,
  questionOf,
  type CoreState,
  type KeptAnswer,
  type LeaseRef,
  type Task,
  type TaskId,
} from '../core/index.ts';
import type { Store } from '../store/index.ts';
import type { AgentHub } from './agent-hub.ts';
import type { CommandLoop } from './command-loop.ts';
import type { InputWaits } from './input-waits.ts';
import type { Clock } from './clock.ts';
import { refusalError, throwIfRefused } from './refusal.ts';

export interface InputServiceParts {
  readonly state: CoreState;
  readonly store: Store;
  readonly loop: CommandLoop;
  readonly hub: AgentHub;
  readonly waits: InputWaits;
  readonly clock: Clock;
}

/** How a question stands. */
export interface Asked {
  readonly key: string;
  /** Null while it is waited for. */
  readonly answer: KeptAnswer | null;
}

/** What somebody answers. */
export interface GivenAnswer {
  /** The question; the one waited on when absent, or else the last that was answered. */
  readonly key?: string;
  /** Any JSON value. */
  readonly answer: unknown;
  readonly by?: string;
}

export class InputService {
  readonly #parts: InputServiceParts;

  constructor(parts: InputServiceParts) {
    this.#parts = parts;
  }

  /**
   * Lets an attempt ask; resolves when that is durable, with the answer where one is kept under the key.
   * Asking again what is waited for is fine.
   *
   * @throws OrchestratorError `LEASE_FENCED`, `TASK_NOT_FOUND`, `INPUT_PENDING`, `INPUT_LIMIT`
   */
  async ask(ref: LeaseRef, prompt: AskedPrompt): Promise<Asked> {
    const { hub, loop, state } = this.#parts;
    const { fencingToken, taskId } = ref;
    hub.leaseSeen(taskId, fencingToken);
    const answers = state.tasks.get(taskId)?.extra?.answers ?? [];
    const isKept = answers.some(({ key }) => key === prompt.key);
    if (answers.length >= ANSWERS_MAX && !isKept) {
      throw new OrchestratorError(
        'INPUT_LIMIT',
        `a task must keep at most ${ANSWERS_MAX} answers, got one question more`,
        { taskId, answersMax: ANSWERS_MAX },
      );
    }
    const items = [{ ...prompt, taskId, fencingToken }];
    throwIfRefused(await loop.propose({ type: 'task.ask', items }));
    return this.#standing(ref, prompt.key);
  }

  /**
   * How a question of an attempt stands; waits at most `waitMs` for its answer. The attempt counts as
   * heard of meanwhile.
   *
   * @param key - null for the newest question
   * @throws OrchestratorError `LEASE_FENCED`, `TASK_NOT_FOUND`, `INPUT_NOT_ASKED`
   */
  async standing(
    ref: LeaseRef,
    key: string | null,
    wait: { readonly ms: number; readonly signal: AbortSignal },
  ): Promise<Asked> {
    const { clock, hub, state, waits } = this.#parts;
    const untilMs = clock.monotonicMs() + wait.ms;
    for (;;) {
      hub.leaseSeen(ref.taskId, ref.fencingToken);
      const asked = this.#standing(ref, key);
      const leftMs = untilMs - clock.monotonicMs();
      const isOver = leftMs <= 0 || wait.signal.aborted || waits.isClosed;
      if (asked.answer !== null || isOver) return asked;
      // An agent whose request is open is there: it must not fall silent over it.
      const agentId = state.tasks.get(ref.taskId)?.agentId;
      const silenceMs = agentId == null ? 0 : (state.agents.get(agentId)?.spec.heartbeatMs ?? 0);
      await waits.wait(ref.taskId, Math.min(leftMs, Math.max(1, silenceMs / 2)), wait.signal);
    }
  }

  /**
   * Answers the question that a task waits on. The same answer to the same key again is fine.
   *
   * @throws OrchestratorError `TASK_NOT_FOUND`, `TASK_FINISHED`, `INPUT_NOT_ASKED`,
   *   `INPUT_KEY_MISMATCH`, `INPUT_NOT_ALLOWED`, `INPUT_INVALID`
   */
  async answer(taskId: TaskId, given: GivenAnswer): Promise<void> {
    const { loop, state, store } = this.#parts;
    const task = state.tasks.get(taskId);
    const finished = task === undefined ? store.finished(taskId) : null;
    if (finished !== null) {
      throw new OrchestratorError('TASK_FINISHED', `the task is ${finished.state} already`, {
        taskId,
      });
    }
    const question = task === undefined ? null : questionOf(task);
    // Whoever repeats an answer whose own answer got lost need not name the question.
    const key = given.key ?? question?.key ?? task?.extra?.answers.at(-1)?.key ?? '';
    const schema = question?.key === key ? question.schema : null;
    const answer = readAnswer(given.answer, schema);
    const fencingToken = task?.fencingToken ?? 0;
    const items = [{ taskId, fencingToken, key, answer, by: given.by ?? null }];
    throwIfRefused(await loop.propose({ type: 'task.answer', items }));
  }

  #standing(ref: LeaseRef, key: string | null): Asked {
    const task = leasedTask(this.#parts.state, ref);
    if ('code' in task) throw refusalError(task);
    const question = questionOf(task);
    const wanted = key ?? question?.key ?? task.extra?.dialogue?.asked.at(-1) ?? null;
    if (wanted !== null && wanted === question?.key) return { key: wanted, answer: null };
    const answer = wanted === null ? undefined : keptAnswer(task, wanted);
    if (wanted !== null && answer !== undefined) return { key: wanted, answer };
    throw new OrchestratorError(
      'INPUT_NOT_ASKED',
      `the attempt must have asked, got no question ${wanted ?? ''}`.trimEnd(),
      { taskId: ref.taskId, ...(wanted === null ? {} : { key: wanted }) },
    );
  }
}

function keptAnswer(task: Task, key: string): KeptAnswer | undefined {
  return task.extra?.answers.find((answer) => answer.key === key);
}
