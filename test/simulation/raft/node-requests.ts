/** What clients asked of one life of a process, and are yet to be answered. */
import type { NodeId, RaftEntry, RaftOutput } from '../../../src/consensus/index.ts';
import type { MachineWorker } from './machine-worker.ts';

/** How a request to a node ended. No answer at all is possible too: then nobody knows. */
export type Answer =
  | { readonly kind: 'done'; readonly result: number; readonly index: number }
  /** Certainly without effect. */
  | { readonly kind: 'refused'; readonly leader: NodeId | null };

export type TakeAnswer = (answer: Answer) => void;

export class NodeRequests {
  readonly #worker: MachineWorker;
  readonly #proposals = new Map<number, TakeAnswer>();
  /** Proposals that have a place in the log, by that place. */
  readonly #placed = new Map<number, { readonly term: number; readonly answer: TakeAnswer }>();
  readonly #reads = new Map<number, { readonly key: number; readonly answer: TakeAnswer }>();
  /** Reads whose index is known and not applied yet. */
  #readers: { readonly index: number; readonly serve: () => void }[] = [];

  constructor(worker: MachineWorker) {
    this.#worker = worker;
  }

  propose(proposalId: number, answer: TakeAnswer): void {
    this.#proposals.set(proposalId, answer);
  }

  read(readId: number, key: number, answer: TakeAnswer): void {
    this.#reads.set(readId, { key, answer });
  }

  /** Hears what the core says of a request; of everything else it takes no notice. */
  told(output: RaftOutput): void {
    switch (output.kind) {
      case 'proposalAccepted': {
        const answer = take(this.#proposals, output.proposalId);
        if (answer !== undefined) this.#placed.set(output.index, { term: output.term, answer });
        return;
      }
      case 'proposalDropped':
        return take(
          this.#proposals,
          output.proposalId,
        )?.({
          kind: 'refused',
          leader: output.leader,
        });
      case 'readReady': {
        const read = take(this.#reads, output.readId);
        if (read !== undefined) this.#readAt(output.index, read.key, read.answer);
        return;
      }
      case 'readRefused':
        return take(this.#reads, output.readId)?.answer({
          kind: 'refused',
          leader: output.leader,
        });
      default:
        return;
    }
  }

  applied({ index, term }: RaftEntry, result: number): void {
    const placed = take(this.#placed, index);
    if (placed === undefined) return;
    if (placed.term === term) placed.answer({ kind: 'done', result, index });
    else placed.answer({ kind: 'refused', leader: null });
  }

  /** The state machine went on: reads that waited for it are answered. */
  serveReaders(): void {
    if (this.#readers.length === 0) return;
    const { appliedIndex } = this.#worker;
    const ready = this.#readers.filter(({ index }) => index <= appliedIndex);
    this.#readers = this.#readers.filter(({ index }) => index > appliedIndex);
    for (const { serve } of ready) serve();
  }

  #readAt(index: number, key: number, answer: TakeAnswer): void {
    const serve = (): void =>
      answer({ kind: 'done', result: this.#worker.machine.read(key), index });
    if (this.#worker.appliedIndex >= index) serve();
    else this.#readers.push({ index, serve });
  }
}

function take<Value>(map: Map<number, Value>, key: number): Value | undefined {
  const value = map.get(key);
  if (value !== undefined) map.delete(key);
  return value;
}
