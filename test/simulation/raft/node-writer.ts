/** What one life of a process asked its disk to write, and the messages that wait for it: a flush at a time. */
import type {
  NodeId,
  PersistOutput,
  RaftMessage,
  RaftOutput,
  WriteToken,
} from '../../../src/consensus/index.ts';
import type { Chance } from '../kernel/chance.ts';
import type { Simulation } from '../kernel/simulation.ts';
import type { DiskFaults } from '../storage/quick-disk-faults.ts';
import type { QuickDisk } from '../storage/quick-disk.ts';

/** What the writer needs of its node. */
interface WriterPort {
  readonly name: string;
  readonly disk: QuickDisk;
  readonly simulation: Simulation;
  readonly chance: Chance;
  readonly faults: () => DiskFaults;
  readonly isAlive: () => boolean;
  /** Does it now, or when the process resumes, or never where its life has ended. */
  readonly run: (action: () => void) => void;
  readonly send: (to: NodeId, message: RaftMessage) => void;
  readonly persisted: (token: WriteToken) => void;
  /** After a failed flush nobody knows what is on the disk. */
  readonly failed: (oldest: WriteToken | undefined, message: string) => void;
}

interface Held {
  readonly seq: number;
  readonly to: NodeId;
  readonly message: RaftMessage;
}

export class NodeWriter {
  readonly #port: WriterPort;
  /** Writes that are not durable yet, oldest first. */
  readonly #unwritten: WriteToken[] = [];
  #held: Held[] = [];
  #isFlushing = false;
  #endFlush: () => void = () => undefined;

  constructor(port: WriterPort) {
    this.#port = port;
  }

  persist(output: PersistOutput): void {
    const { disk, name, simulation } = this.#port;
    this.#unwritten.push(output.token);
    simulation.say(() => `${name} writes ${writeText(output)}`);
    disk.write(output, () => this.#persisted(output.token));
    this.#begin();
  }

  compact({ base }: Extract<RaftOutput, { kind: 'compact' }>): void {
    this.#port.disk.compact(base, () => undefined);
    this.#begin();
  }

  /** Calls `done` once everything before it is durable. */
  barrier(done: () => void): void {
    this.#port.disk.barrier(done);
    this.#begin();
  }

  /** Sends a message once the write it vouches for is durable. */
  hold({ after, message, to }: Extract<RaftOutput, { kind: 'sendAfter' }>): void {
    this.#held.push({ seq: after.seq, to, message });
  }

  /** Ends the flush under way, if there is one. */
  endFlush(): void {
    this.#endFlush();
  }

  #begin(): void {
    if (!this.#isFlushing) this.#flush();
  }

  #flush(): void {
    const { chance, disk, faults, isAlive, run, simulation } = this.#port;
    const count = disk.pendingCount;
    this.#isFlushing = count > 0;
    if (count === 0) return;
    const { delayUs, failure } = faults().drawFlush(chance);
    const endFlush = (): void => {
      this.#endFlush = (): void => undefined;
      if (failure === null) {
        disk.flushed(count, run);
        this.#flush();
      } else {
        run(() => this.#failed(failure));
      }
    };
    this.#endFlush = endFlush;
    simulation.after(delayUs, () => {
      if (isAlive() && this.#endFlush === endFlush) endFlush();
    });
  }

  #persisted(token: WriteToken): void {
    this.#unwritten.shift();
    const isDurable = this.#held.filter(({ seq }) => seq <= token.seq);
    if (isDurable.length > 0) this.#held = this.#held.filter(({ seq }) => seq > token.seq);
    for (const { to, message } of isDurable) this.#port.send(to, message);
    this.#port.persisted(token);
  }

  #failed(message: string): void {
    const { failed, name, simulation } = this.#port;
    simulation.say(() => `${name} cannot write: ${message}`);
    failed(this.#unwritten[0], message);
  }
}

/** A write in a line. */
function writeText(output: PersistOutput): string {
  const { token, restart, truncateFrom, entries, hardState } = output;
  const parts = [`write ${token.seq}`];
  if (restart !== undefined) parts.push(`restart behind ${restart.lastIndex}`);
  if (truncateFrom !== undefined) parts.push(`truncate from ${truncateFrom}`);
  const [first, last] = [entries[0], entries.at(-1)];
  if (first !== undefined)
    parts.push(`entries ${first.index} to ${last?.index} of term ${last?.term}`);
  if (hardState !== undefined) {
    const { term, votedFor, commitIndex } = hardState;
    parts.push(`term ${term} vote ${votedFor ?? '-'} commit ${commitIndex}`);
  }
  return parts.join(', ');
}
