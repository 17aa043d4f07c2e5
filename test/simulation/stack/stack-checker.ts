/**
 * What the nodes of a cluster did, compared.
 *
 * Promises
 *   A1  all nodes apply the same commands at the same indexes, in order, and come to the same states
 *   A2  what was acknowledged is at the index it was acknowledged with, on every node
 *   A3  a key stands for one task; a task is completed once
 *   A4  a read behind a barrier shows everything that was acknowledged or read before it began
 */
import { crc32 } from 'node:zlib';
import { digest, headDigest, type Applied, type CoreState } from '../../../src/core/index.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { require } from '../simulation-failure.ts';

interface AppliedEntry {
  readonly nodeId: string;
  readonly index: number;
  readonly term: number;
  readonly body: Uint8Array;
  readonly head: string;
  readonly whole: string | null;
  readonly applied: Applied;
  readonly state: CoreState;
}

interface Known {
  readonly bodyHash: number;
  readonly term: number;
  readonly head: string;
  readonly whole: string | null;
}

/** How far a task is: not known, waiting, running, done. */
export type Stage = 0 | 1 | 2 | 3;

export function stageOf(state: CoreState, key: string): Stage {
  const entry = state.idempotency.get(`default\n${key}`);
  if (entry === undefined) return 0;
  const task = state.tasks.get(entry.taskId);
  if (task === undefined) return 3;
  return task.state === 'running' ? 2 : 1;
}

export class StackChecker {
  readonly #simulation: Simulation;
  readonly #isMixed: boolean;
  readonly #known: Known[] = [];
  readonly #wholes = new Map<number, string>();
  readonly #acknowledged = new Map<number, number>();
  readonly #taskOf = new Map<string, string>();
  readonly #completed = new Set<string>();
  readonly #stages = new Map<string, { seen: Stage; asked: Stage }>();
  newestAcknowledged = 0;

  constructor(simulation: Simulation, isMixed: boolean) {
    this.#simulation = simulation;
    this.#isMixed = isMixed;
  }

  /** Commands that any node has applied. */
  get length(): number {
    return this.#known.length;
  }

  applied(entry: AppliedEntry): void {
    const { head, index, nodeId, term, whole } = entry;
    const bodyHash = crc32(entry.body);
    const known = this.#known[index - 1];
    this.#simulation.note(20, index, bodyHash);
    if (known === undefined) {
      require(index === this.#known.length + 1, 'A1 a node applies what no quorum has', () =>
        `${nodeId} ${index} after ${this.#known.length}`);
      this.#known.push({ bodyHash, term, head, whole });
      if (whole !== null) this.#whole(nodeId, index, whole);
      this.#follow(entry.applied, index);
      return;
    }
    require(known.bodyHash === bodyHash &&
      known.term === term, 'A1 nodes apply different commands', () =>
      `${nodeId} at ${index}, term ${term} instead of ${known.term}`);
    require(known.head === head, 'A1 equal commands give different states', () =>
      `${nodeId} at ${index}`);
    if (whole !== null) this.#whole(nodeId, index, whole);
  }

  installed(nodeId: string, told: number, state: CoreState): void {
    const { index } = state;
    require(index === told, 'A1 a snapshot is of another index than it says', () =>
      `${nodeId} ${index}, told ${told}`);
    this.#simulation.note(21, index);
    this.#simulation.say(() => `${nodeId} installs a snapshot of ${index}`);
    const known = this.#known[index - 1];
    require(index === 0 ||
      known?.head === headDigest(state), 'A1 a snapshot holds another state', () =>
      `${nodeId} at ${index}`);
    this.#whole(nodeId, index, digest(state));
  }

  /** Compares whole states at an index, wherever anybody looks. */
  #whole(nodeId: string, index: number, whole: string): void {
    const known = this.#wholes.get(index) ?? whole;
    this.#wholes.set(index, known);
    require(known === whole, 'A1 states differ where their heads do not', () =>
      `${nodeId} at ${index}`);
  }

  /** Looks at a state at rest. */
  compare(nodeId: string, state: CoreState): void {
    this.#whole(nodeId, state.index, digest(state));
  }

  /** An append resolved. Its node has applied it, so it is known. */
  acknowledged(index: number, body: Uint8Array): void {
    const known = this.#known[index - 1];
    require(known?.bodyHash ===
      crc32(body), 'A2 an index is acknowledged for another command', () => String(index));
    require(!this.#acknowledged.has(index), 'A2 an index is acknowledged twice', () =>
      String(index));
    this.#acknowledged.set(index, crc32(body));
    this.newestAcknowledged = Math.max(this.newestAcknowledged, index);
    this.#simulation.note(22, index);
  }

  /** A client wants a key's task to be that far. */
  asks(key: string, stage: Stage): void {
    const known = this.#stages.get(key) ?? { seen: 0, asked: 0 };
    if (stage > known.asked) known.asked = stage;
    this.#stages.set(key, known);
  }

  /** A client was told that it is that far at least. */
  told(key: string, stage: Stage): void {
    const known = this.#stages.get(key) ?? { seen: 0, asked: 0 };
    if (stage > known.seen) known.seen = stage;
    this.#stages.set(key, known);
  }

  /** What a read that begins now must show at least. */
  seen(key: string): Stage {
    return this.#stages.get(key)?.seen ?? 0;
  }

  read(key: string, atLeast: Stage, stage: Stage): void {
    this.#simulation.note(23, stage);
    const asked = this.#stages.get(key)?.asked ?? 0;
    require(stage >= atLeast, 'A4 a read shows an old state', () => `${key} ${stage} < ${atLeast}`);
    require(stage <= asked, 'A4 a read shows what nobody asked for', () =>
      `${key} ${stage} > ${asked}`);
    this.told(key, stage);
  }

  /** The task a key was answered with. */
  named(key: string, taskId: string): void {
    const known = this.#taskOf.get(key);
    require(known === taskId, 'A3 a key is answered with another task', () =>
      `${key} ${taskId}, was ${known}`);
  }

  #follow({ events }: Applied, index: number): void {
    if (this.#isMixed) return;
    for (const event of events) {
      if (event.type === 'task.submitted') {
        const { id, idempotencyKey } = event.task;
        const key = idempotencyKey ?? '';
        require(!this.#taskOf.has(key), 'A3 a key has two tasks', () => `${key} at ${index}`);
        this.#taskOf.set(key, id);
      } else if (event.type === 'task.completed') {
        const { id } = event.task;
        require(!this.#completed.has(id), 'A3 a task is completed twice', () =>
          `${id} at ${index}`);
        this.#completed.add(id);
      }
    }
  }
}
