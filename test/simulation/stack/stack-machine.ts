/** The state machine of one node: the production core, and a store that holds a checkpoint of it through crashes. */
import {
  apply,
  createState,
  digest,
  headDigest,
  restoreState,
  type Applied,
  type CoreState,
  type StateRows,
} from '../../../src/core/index.ts';
import { rowsTextOf } from '../../../src/core/testing/snapshot.ts';
import type {
  CommittedEntry,
  CommittedSink,
  SnapshotProvider,
  StateSnapshot,
} from '../../../src/log/index.ts';
import { decodeEntry } from '../../../src/runtime/entry-codec.ts';
import { require } from '../simulation-failure.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { StackChecker } from './stack-checker.ts';

const CORE_SEED = 1;
/** Entries between two looks at the whole state, and between two exchanges of digests. */
const WHOLE_DIGEST_EVERY = 16;
const CHUNK_BYTES = 3_000;

/** What a node has on its disk beside the log. Replaced as a whole, as the real store's transactions do. */
export interface Checkpoint {
  readonly appliedIndex: number;
  /** Rows of the state as text; null = the state of a new cluster. */
  readonly text: string | null;
}

export const NO_CHECKPOINT: Checkpoint = { appliedIndex: 0, text: null };

interface MachineOptions {
  readonly nodeId: string;
  readonly process: SimulatedProcess;
  readonly checker: StackChecker;
  readonly checkpoint: Checkpoint;
  readonly checkpointEveryEntries: number;
  /** How long a batch of entries takes to apply, in microseconds; 0 = it is applied at once. */
  readonly applyUs: () => number;
  /** How long a checkpoint takes to become durable, in microseconds. */
  readonly storeUs: () => number;
  /** A checkpoint is durable: the log may let go of what it covers. */
  readonly onCheckpoint: (checkpoint: Checkpoint) => void;
  readonly onDigest: (index: number, headDigest: string) => void;
}

export class StackMachine implements CommittedSink, SnapshotProvider {
  readonly appliedIndex: number;
  state: CoreState;
  readonly #options: MachineOptions;
  readonly #own = new Map<number, Applied>();
  #checkpoint: Checkpoint;
  #isStoring = false;
  #isApplying = false;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#checkpoint = options.checkpoint;
    this.appliedIndex = options.checkpoint.appliedIndex;
    this.state = stateOf(options.checkpoint);
  }

  /** What came of an own entry; asked for once. */
  takeResult(index: number): Applied | undefined {
    const result = this.#own.get(index);
    this.#own.delete(index);
    return result;
  }

  apply(entries: readonly CommittedEntry[]): void | Promise<void> {
    const { applyUs, process } = this.#options;
    const delayUs = applyUs();
    require(!this.#isApplying, 'entries come while others are being applied', () => this.#where());
    if (delayUs === 0) {
      for (const entry of entries) this.#applyOne(entry);
      return;
    }
    this.#isApplying = true;
    const { promise, reject, resolve } = Promise.withResolvers<void>();
    process.after(delayUs, () => {
      this.#isApplying = false;
      try {
        for (const entry of entries) this.#applyOne(entry);
        resolve();
      } catch (error) {
        reject(error as Error);
      }
    });
    return promise;
  }

  /** A copy of the newest checkpoint, as the real store gives one. */
  take(): Promise<StateSnapshot> {
    const { appliedIndex, text } = this.#checkpoint;
    const bytes = Buffer.from(text ?? rowsTextOf(createState(CORE_SEED)));
    return Promise.resolve({ appliedIndex, chunks: chunksOf(bytes) });
  }

  async install({ appliedIndex, chunks }: StateSnapshot): Promise<void> {
    require(!this.#isApplying, 'a snapshot comes while entries are being applied', () =>
      this.#where());
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    const text = Buffer.concat(parts).toString('utf8');
    const { checker, nodeId, onCheckpoint, process, storeUs } = this.#options;
    await new Promise<void>((resolve) => {
      process.after(storeUs(), resolve);
    });
    this.#checkpoint = { appliedIndex, text };
    onCheckpoint(this.#checkpoint);
    this.state = stateOf(this.#checkpoint);
    checker.installed(nodeId, appliedIndex, this.state);
  }

  #applyOne({ body, index, isOwn, term }: CommittedEntry): void {
    const { checker, checkpointEveryEntries, nodeId, onDigest } = this.#options;
    const applied = apply(this.state, index, decodeEntry(body).batch);
    if (isOwn) this.#own.set(index, applied);
    const head = headDigest(this.state);
    const isWhole = index % WHOLE_DIGEST_EVERY === 0;
    const whole = isWhole ? digest(this.state) : null;
    checker.applied({ nodeId, index, term, body, head, whole, applied, state: this.state });
    if (isWhole) onDigest(index, head);
    if (index >= this.#checkpoint.appliedIndex + checkpointEveryEntries) this.#store();
  }

  #store(): void {
    if (this.#isStoring) return;
    const { onCheckpoint, process, storeUs } = this.#options;
    const checkpoint = { appliedIndex: this.state.index, text: rowsTextOf(this.state) };
    this.#isStoring = true;
    process.after(storeUs(), () => {
      this.#isStoring = false;
      // A snapshot may have been installed meanwhile.
      if (checkpoint.appliedIndex <= this.#checkpoint.appliedIndex) return;
      this.#checkpoint = checkpoint;
      onCheckpoint(checkpoint);
    });
  }

  #where(): string {
    return `${this.#options.nodeId} at ${this.state.index}`;
  }
}

function stateOf({ text }: Checkpoint): CoreState {
  return text === null ? createState(CORE_SEED) : restoreState(JSON.parse(text) as StateRows);
}

async function* chunksOf(text: Buffer): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < text.length; at += CHUNK_BYTES) {
    yield text.subarray(at, at + CHUNK_BYTES);
    await Promise.resolve();
  }
}
