/**
 * What production nodes did and what they answered, against a core that reads the same entries, and against each other.
 *
 * Promises beyond those of the stack's checker, whose A1 holds here too
 *   B1  every node comes to the state that the entries of the log make, each applied once, in order
 *   B2  nothing is answered, and no lease leaves, before the entry behind it is in the log of a quorum
 *   B3  a key stands for one task, a token for one attempt, and a task ends once, with one result
 *   B4  answers of all nodes fit into one order, in which each falls between its question and its answer
 */
import {
  apply,
  createState,
  headDigest,
  type Applied,
  type CoreState,
} from '../../../src/core/index.ts';
import type { CommittedEntry } from '../../../src/log/index.ts';
import { decodeEntry, type Lease } from '../../../src/runtime/index.ts';
import { CORE_SEED } from '../../../src/runtime/recover.ts';
import { checkLinearizability, type Operation } from '../checks/linearizability.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { require } from '../simulation-failure.ts';
import type { StackChecker } from '../stack/stack-checker.ts';
import { taskModel, type TaskInput, type TaskOutput } from './task-model.ts';

export class NodeChecker {
  readonly #simulation: Simulation;
  readonly #stack: StackChecker;
  readonly #reference = createState(CORE_SEED);
  /** What the reference came to, by entry. */
  readonly #heads: string[] = [];
  readonly #taskOf = new Map<string, string>();
  readonly #keyOf = new Map<string, string>();
  /** Who holds the lease of a task and a token. */
  readonly #holders = new Map<string, string>();
  readonly #ended = new Map<string, string>();
  readonly #completedBy = new Map<string, number>();
  readonly #results = new Map<string, string>();
  readonly #history: Operation<TaskInput, TaskOutput>[] = [];
  #ticks = 0;

  constructor(simulation: Simulation, stack: StackChecker) {
    this.#simulation = simulation;
    this.#stack = stack;
  }

  /** A node is given an entry of a quorum, and has not looked at it yet. */
  committed({ body, index }: CommittedEntry): void {
    if (index !== this.#reference.index + 1) return;
    this.#follow(apply(this.#reference, index, decodeEntry(body).batch));
    this.#heads.push(headDigest(this.#reference));
  }

  /** A node applied an entry, and came to a state. */
  applied(nodeId: string, { body, index, term }: CommittedEntry, state: CoreState): void {
    require(state.index === index, 'B1 a state is of another entry than was applied', () =>
      `${nodeId} ${state.index} instead of ${index}`);
    const head = headDigest(state);
    require(head === this.#heads[index - 1], 'B1 a node makes something else of an entry', () =>
      `${nodeId} at ${index}`);
    this.#stack.applied({ nodeId, index, term, body, head, whole: null, applied: NOTHING, state });
  }

  /** A submit was answered. */
  submitted(key: string, taskId: string): void {
    require(this.#taskOf.get(key) ===
      taskId, 'B2 a submit is answered before it is in the log', () =>
      `${key} ${taskId}, known is ${this.#taskOf.get(key)}`);
  }

  /** A lease leaves a node. */
  leased(nodeId: string, { agentId, fencingToken, payload, taskId }: Lease): void {
    const name = `${taskId}/${fencingToken}`;
    this.#simulation.note(50, fencingToken);
    require(this.#holders.get(name) ===
      agentId, 'B2 a lease leaves that the log does not grant', () =>
      `${nodeId} gives ${name} to ${agentId}, granted to ${this.#holders.get(name)}`);
    const key = this.#keyOf.get(taskId);
    require(payload ===
      payloadOf(key ?? ''), 'B3 a lease carries the payload of another task', () =>
      `${name} of ${key}: ${payload}`);
  }

  /** A report was taken: the task is completed, for good. */
  reported(taskId: string): void {
    const how = this.#ended.get(taskId);
    require(how === 'completed', 'B2 a report is taken before it is in the log', () =>
      `${taskId} ${how}`);
  }

  /** A report was refused: then it is not the one by which its task completed. */
  refused({ fencingToken, taskId }: Lease): void {
    require(this.#completedBy.get(taskId) !==
      fencingToken, 'B3 a report that was taken is refused', () => `${taskId}/${fencingToken}`);
  }

  /** Somebody was shown the result of a task, as JSON. */
  result(taskId: string, text: string): void {
    const known = this.#results.get(taskId) ?? text;
    this.#results.set(taskId, known);
    require(known === text, 'B3 a task has two results', () => `${taskId} ${known}, then ${text}`);
    const { token } = JSON.parse(text) as { readonly token: number };
    require(this.#holders.has(`${taskId}/${token}`), 'B3 a result is of no attempt', () =>
      `${taskId} ${text}`);
  }

  /** Something was asked of a key's task. @returns to be told the answer; left alone where none comes */
  asked(key: string, input: TaskInput): (output: TaskOutput) => void {
    const at = this.#history.length;
    const open = { key, input, calledAt: this.#tick(), returnedAt: Infinity, output: undefined };
    this.#history.push(open);
    return (output) => {
      this.#history[at] = { ...open, returnedAt: this.#tick(), output };
    };
  }

  /** Searches an order in which all answers make sense. */
  checkHistory(): void {
    const { key, verdict } = checkLinearizability(taskModel, this.#history);
    this.#simulation.note(51, this.#history.length);
    require(verdict !== 'not linearizable', 'B4 answers fit into no order', () => {
      const ofKey = this.#history.filter((one) => one.key === key);
      return `${key}\n${ofKey.map((one) => JSON.stringify(one)).join('\n')}`;
    });
  }

  /** How every task ended that did. */
  get ended(): ReadonlyMap<string, string> {
    return this.#ended;
  }

  /** Moments of the history: no two are the same. */
  #tick(): number {
    this.#ticks += 1;
    return this.#ticks;
  }

  #follow(applied: Applied): void {
    for (const event of applied.events) {
      switch (event.type) {
        case 'task.submitted':
          this.#submittedOf(event.task.id, event.task.idempotencyKey ?? '');
          break;
        case 'task.assigned':
          this.#granted(event.task.id, event.task.fencingToken, event.agent.id);
          break;
        case 'task.completed':
          this.#end(event.task.id, 'completed');
          this.#completedBy.set(event.task.id, event.task.fencingToken);
          break;
        case 'task.canceled':
          this.#end(event.task.id, 'canceled');
          break;
        case 'task.failed':
          this.#end(event.task.id, 'failed');
          break;
        default:
      }
    }
  }

  #submittedOf(taskId: string, key: string): void {
    require(!this.#taskOf.has(key), 'B3 a key has two tasks', () => `${key} ${taskId}`);
    this.#taskOf.set(key, taskId);
    this.#keyOf.set(taskId, key);
  }

  #granted(taskId: string, fencingToken: number, agentId: string): void {
    const name = `${taskId}/${fencingToken}`;
    require(!this.#holders.has(name), 'B3 a token stands for two attempts', () => name);
    this.#holders.set(name, agentId);
  }

  #end(taskId: string, how: string): void {
    const known = this.#ended.get(taskId);
    require(known === undefined, 'B3 a task ends twice', () => `${taskId} ${known}, then ${how}`);
    this.#ended.set(taskId, how);
  }
}

const NOTHING: Applied = { results: [], events: [] };

/** What a key's task carries. */
export function payloadOf(key: string): string {
  return JSON.stringify({ key });
}
