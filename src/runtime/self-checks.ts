import { messageOf } from '../base/errors.ts';
import type { SelfCheckView } from '../contract/index.ts';
import type { CoreState } from '../core/index.ts';
import type { ReplicatedLog } from '../log/index.ts';
import type { Store } from '../store/index.ts';
import type { Clock } from './clock.ts';
import type { LoadProbes } from './load-probes.ts';
import type { Recoveries } from './recoveries.ts';
import { iso } from './views.ts';

export interface SelfChecksParts {
  readonly state: CoreState;
  readonly log: ReplicatedLog;
  readonly store: Store;
  readonly clock: Clock;
  readonly probes: LoadProbes;
  readonly recoveries: Recoveries;
  /** Takes a checkpoint and lets go of the log before it: what can be done about a disk that fills up. */
  readonly makeRoom: () => Promise<void>;
}

/** Less than this part of the disk, or less than so many bytes, is too little room. */
const FREE_SHARE_MIN = 0.05;
const FREE_BYTES_MIN = 512 * 1024 * 1024;

type CheckName = 'log' | 'store' | 'disk';

interface Standing {
  readonly at: number;
  readonly isOk: boolean;
  readonly detail: string;
}

/** Looks whether what is on the disk can still be read, and whether there is room for more. */
export class SelfChecks {
  readonly #parts: SelfChecksParts;
  readonly #standings = new Map<CheckName, Standing>();
  #isRunning = false;

  constructor(parts: SelfChecksParts) {
    this.#parts = parts;
  }

  /** Makes all checks, one after the other; while they run a second call does nothing. Never rejects. */
  async run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      await this.#check('log', () => this.#readTail());
      await this.#check('store', () => Promise.resolve(this.#readStore()));
      await this.#check('disk', () => this.#lookAtDisk());
    } finally {
      this.#isRunning = false;
    }
  }

  /** How each stood when it was looked at last. */
  list(): SelfCheckView[] {
    return [...this.#standings].map(([name, { at, ...rest }]) => ({ name, at: iso(at), ...rest }));
  }

  async #check(name: CheckName, look: () => Promise<string>): Promise<void> {
    const { clock, recoveries } = this.#parts;
    let isOk = true;
    let detail: string;
    try {
      detail = await look();
    } catch (error) {
      isOk = false;
      detail = messageOf(error);
    }
    const wasOk = this.#standings.get(name)?.isOk ?? true;
    const before = this.#standings.get(name)?.detail ?? '';
    this.#standings.set(name, { at: clock.now(), isOk, detail });
    if (isOk === wasOk) return;
    const outcome = isOk ? `recovered: ${detail}` : OUTCOMES[name];
    const cause = isOk ? before : detail;
    recoveries.record({ kind: `check.${name}`, subject: name, cause, outcome, isResolved: isOk });
  }

  /** The newest entry, as the disk has it: the log checks its sums. */
  async #readTail(): Promise<string> {
    const { log } = this.#parts;
    const last = log.lastIndex;
    if (last === 0) return 'it is empty';
    let index = 0;
    for await (const entry of log.read(last - 1)) {
      index = entry.index;
      break;
    }
    if (index === last) return `entry ${index} is as it was written`;
    throw new Error(`the newest entry must be ${last}, got ${index === 0 ? 'none' : index}`);
  }

  #readStore(): string {
    const { clock, state, store } = this.#parts;
    const startedMs = clock.monotonicMs();
    const page = store.list({ limit: 1 });
    const tookMs = clock.monotonicMs() - startedMs;
    if (store.appliedIndex > state.index) {
      throw new Error(`the store must not be ahead of ${state.index}, got ${store.appliedIndex}`);
    }
    return `it was read in ${Math.ceil(tookMs)} ms, ${page.items.length} of its tasks`;
  }

  async #lookAtDisk(): Promise<string> {
    const { makeRoom, probes, recoveries } = this.#parts;
    const isLow = ({ bytes, freeBytes }: { bytes: number; freeBytes: number }): boolean =>
      freeBytes < Math.min(FREE_BYTES_MIN, bytes / 2) || freeBytes < bytes * FREE_SHARE_MIN;
    const before = await probes.disk();
    if (!Number.isFinite(before.freeBytes)) return 'there is none to fill';
    if (!isLow(before)) return `${mebibytes(before.freeBytes)} free`;
    await makeRoom();
    const after = await probes.disk();
    if (!isLow(after)) {
      const cause = `only ${mebibytes(before.freeBytes)} were free`;
      const outcome = `a checkpoint let go of old log: ${mebibytes(after.freeBytes)} are free`;
      const room = {
        kind: 'check.disk',
        subject: 'disk',
        cause,
        outcome,
        isResolved: true,
      } as const;
      // Where the disk was low before, that it is well again is told of anyway.
      if (this.#standings.get('disk')?.isOk !== false) recoveries.record(room);
      return `${mebibytes(after.freeBytes)} free`;
    }
    throw new Error(`there must be room on the disk, got ${mebibytes(after.freeBytes)} free`);
  }
}

const OUTCOMES: Readonly<Record<CheckName, string>> = {
  log: 'what is written goes on; a restart would refuse what cannot be read',
  store: 'the log keeps what the store lacks; a restart replays it',
  disk: 'a checkpoint was taken and old log let go, which did not help',
};

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024 / 1024).toLocaleString('en')} MiB`;
}
