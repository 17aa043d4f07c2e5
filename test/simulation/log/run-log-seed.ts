/**
 * One seed of the log suite: a single node, its production log and core, on a disk that fails and a power that goes.
 *
 * Promises
 *   S1  every acknowledged entry is found again, and nothing that was never appended
 *   S2  replaying the log, from its beginning or from a checkpoint, gives the state that was there when it was written
 *   S3  a flipped bit at rest is reported or harmless: no entry is ever read that was not appended
 */
import fc from 'fast-check';
import {
  apply,
  createState,
  digest,
  restoreState,
  type CoreState,
  type StateRows,
} from '../../../src/core/index.ts';
import { batchOf, histories, type Move } from '../../../src/core/testing/histories.ts';
import { rowsOf } from '../../../src/core/testing/snapshot.ts';
import type { ReplicatedLog } from '../../../src/log/index.ts';
import { openEmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { decodeEntry, encodeEntry } from '../../../src/runtime/entry-codec.ts';
import { SimulatedDisk, type Fate, type Operation } from '../../disk/simulated-disk.ts';
import type { Chance } from '../kernel/chance.ts';
import { Simulation } from '../kernel/simulation.ts';
import { outcomeOf, type SeedOptions, type SeedOutcome } from '../run-seeds.ts';
import { require, SimulationFailure } from '../simulation-failure.ts';

const FAULTS = [
  'crash',
  'slow-disk',
  'stall',
  'write-error',
  'disk-full',
  'short-write',
  'release',
  'rot',
];
const DIRECTORY = '/log';
const SEGMENT_BYTES = 16 * 1024;
const MOVES = 120;
const LIVES_MAX = 12;
/** Where the disk may be full: what is appended behind a refused entry may take its place, as who appends ahead must know. */
const PIPELINED_MAX = { roomy: 4, full: 1 } as const;

interface Checkpoint {
  readonly index: number;
  readonly rows: StateRows;
}

class LogRun {
  readonly simulation: Simulation;
  readonly faults: ReadonlySet<string>;
  readonly #chance: Chance;
  readonly #disk: Chance;
  readonly #moves: readonly Move[];
  readonly #faultyUs: number;
  /** Digest of the state behind entry i, at position i − 1, of what was appended in this history. */
  #digests: string[] = [];
  #acknowledged = 0;
  #checkpoint: Checkpoint | undefined;
  #files = new SimulatedDisk();
  #next = 0;
  /** Counts processes: what a former one had under way never ends. */
  #life = 0;

  constructor(simulation: Simulation, options: SeedOptions) {
    this.simulation = simulation;
    const chance = simulation.chance.fork('plan');
    const density = chance.pick([0.2, 0.5, 0.8]);
    const drawn = FAULTS.filter(() => chance.happens(density));
    this.faults = new Set(drawn.filter((fault) => options.without?.has(fault) !== true));
    this.#faultyUs = 1_000 * (options.faultyMs ?? chance.between(200, 2_000));
    this.#chance = simulation.chance.fork('log');
    this.#disk = simulation.chance.fork('disk');
    this.#moves = fc.sample(histories(MOVES), { seed: simulation.seed, numRuns: 1 })[0] ?? [];
  }

  get faultyMs(): number {
    return this.#faultyUs / 1_000;
  }

  async play(): Promise<void> {
    for (let life = 0; life < LIVES_MAX && this.#next < this.#moves.length; life += 1) {
      const isLast = life === LIVES_MAX - 1;
      this.#files.fate = isLast
        ? (): Fate => 'proceed'
        : (operation): Fate => this.#fate(operation);
      const endUs =
        this.simulation.nowUs +
        (isLast || !this.faults.has('crash')
          ? 60_000_000
          : this.#chance.exponential(this.#faultyUs / 6));
      const ended = { isSo: false };
      const living = this.#live(isLast).finally(() => (ended.isSo = true));
      living.catch(() => undefined);
      await this.simulation.runAsync(endUs, () => ended.isSo);
      if (ended.isSo) await living;
      this.simulation.say(() => `power goes after ${this.#acknowledged} acknowledged entries`);
      this.#life += 1;
      this.#files.fate = (): Fate => 'hang';
      this.#files = this.#files.afterCrash({
        nameChanges: (count) => this.#disk.below(count + 1),
        keepsSector: () => this.#disk.happens(0.5),
      });
    }
    await this.#settle(this.#live(true));
    if (this.faults.has('rot')) await this.#settle(this.#decay());
  }

  /** Lets something that awaits the disk end, without faults. */
  async #settle(work: Promise<void>): Promise<void> {
    const ended = { isSo: false };
    const watched = work.finally(() => (ended.isSo = true));
    watched.catch(() => undefined);
    await this.simulation.runAsync(this.simulation.nowUs + 600_000_000, () => ended.isSo);
    require(ended.isSo, 'liveness: the log does not come to an end', () => `entry ${this.#next}`);
    await watched;
  }

  #fate({ kind }: Operation): Fate {
    const on = (fault: string, rate: number): boolean =>
      this.faults.has(fault) && this.#disk.happens(rate);
    if (kind === 'read') return 'proceed';
    if (on('write-error', 0.005)) return { fails: 'EIO', afterBytes: this.#disk.below(600) };
    if (on('disk-full', 0.01)) return { fails: 'ENOSPC', afterBytes: this.#disk.below(600) };
    if (kind === 'write' && on('short-write', 0.05))
      return { shortBytes: 1 + this.#disk.below(500) };
    let delayUs = 50 + this.#disk.exponential(this.faults.has('slow-disk') ? 10_000 : 200);
    if (on('stall', 0.01)) delayUs += this.#disk.exponential(1_000_000);
    const life = this.#life;
    const { promise: waits, resolve } = Promise.withResolvers<void>();
    this.simulation.after(delayUs, () => {
      if (this.#life === life) resolve();
    });
    return { waits };
  }

  async #live(isSafe: boolean): Promise<void> {
    let log: ReplicatedLog;
    try {
      log = await openEmbeddedLog({
        directory: DIRECTORY,
        segmentBytes: SEGMENT_BYTES,
        fileSystem: this.#files,
      });
    } catch (error) {
      return this.#mayFail(error, isSafe);
    }
    const state = await this.#replay(log);
    const openMax = this.faults.has('disk-full') ? PIPELINED_MAX.full : PIPELINED_MAX.roomy;
    try {
      const open = new Set<Promise<void>>();
      while (this.#next < this.#moves.length) {
        const appended = this.#append(log, state).finally(() => open.delete(appended));
        open.add(appended);
        if (open.size >= openMax || this.#chance.happens(0.3)) await Promise.all(open);
        if (this.faults.has('release') && this.#chance.happens(0.05)) {
          await Promise.all(open);
          await this.#release(log, state);
        }
      }
      await Promise.all(open);
      await log.close();
    } catch (error) {
      this.#mayFail(error, isSafe);
    }
  }

  /** A disk that fails may end a process; nothing else may. */
  #mayFail(error: unknown, isSafe: boolean): void {
    if (error instanceof SimulationFailure) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    this.simulation.say(() => `the process ends: ${String(error)}`);
    require(!isSafe &&
      ['LOG_FAILED', 'LOG_FULL'].includes(code), 'S1 a log fails without a failing disk', () =>
      String(error));
  }

  async #replay(log: ReplicatedLog): Promise<CoreState> {
    const { firstIndex, lastIndex } = log.recovery;
    this.simulation.note(1, firstIndex, lastIndex);
    this.simulation.say(() => `opens with entries ${firstIndex} to ${lastIndex}`);
    require(lastIndex >= this.#acknowledged &&
      lastIndex <= this.#digests.length, 'S1 an acknowledged entry is lost', () =>
      `${this.#acknowledged} acknowledged, ${lastIndex} found, ${this.#digests.length} appended`);
    const from = this.#checkpoint;
    const state =
      from === undefined
        ? createState(this.simulation.seed)
        : restoreState(structuredClone(from.rows));
    for await (const { index, body } of log.read(from?.index ?? 0)) {
      apply(state, index, decodeEntry(body).batch);
      require(digest(state) === this.#digests[index - 1], 'S2 a replay gives another state', () =>
        `at ${index}`);
    }
    require(state.index === lastIndex, 'S2 a replay stops early', () =>
      `${state.index} of ${lastIndex}`);
    this.#digests.length = lastIndex;
    this.#acknowledged = lastIndex;
    this.#next = lastIndex;
    return state;
  }

  async #append(log: ReplicatedLog, state: CoreState): Promise<void> {
    const move = this.#moves[this.#next];
    if (move === undefined) return;
    const batch = batchOf(state, move);
    const body = encodeEntry({ batch, texts: batch.commands.map(() => null) });
    apply(state, state.index + 1, decodeEntry(body).batch);
    this.#next += 1;
    this.#digests.push(digest(state));
    const index = await log.append(Uint8Array.from(body));
    require(index === this.#acknowledged + 1, 'S1 entries are acknowledged out of order', () =>
      `${index} after ${this.#acknowledged}`);
    this.#acknowledged = index;
    this.simulation.note(2, index);
  }

  async #release(log: ReplicatedLog, state: CoreState): Promise<void> {
    this.#checkpoint = { index: state.index, rows: rowsOf(state) };
    await log.releaseThrough(state.index);
  }

  /** Flips one bit of what is on the disk and reads everything. */
  async #decay(): Promise<void> {
    const [file, content] = this.#disk.pick([...this.#files.files()]);
    const position = this.#disk.below(content.length);
    content[position] = (content[position] ?? 0) ^ (1 << this.#disk.below(8));
    const damaged = this.#files.afterCrash({
      nameChanges: (count) => count,
      keepsSector: () => true,
    });
    damaged.put(file, content);
    try {
      const log = await openEmbeddedLog({
        directory: DIRECTORY,
        segmentBytes: SEGMENT_BYTES,
        fileSystem: damaged,
      });
      const from = this.#checkpoint;
      const state =
        from === undefined
          ? createState(this.simulation.seed)
          : restoreState(structuredClone(from.rows));
      for await (const { index, body } of log.read(from?.index ?? 0)) {
        apply(state, index, decodeEntry(body).batch);
        require(digest(state) === this.#digests[index - 1], 'S3 a decayed entry is served', () =>
          `${file} ${position}`);
      }
      await log.close();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (!code.startsWith('LOG_')) throw error;
      this.simulation.say(() => `found out: ${code}`);
    }
  }
}

export async function runLogSeed(seed: number, options: SeedOptions = {}): Promise<SeedOutcome> {
  const simulation = new Simulation(seed, options.traceLines ?? 0);
  const run = new LogRun(simulation, options);
  let failure: SimulationFailure | undefined;
  try {
    await run.play();
  } catch (error) {
    failure =
      error instanceof SimulationFailure
        ? error
        : new SimulationFailure('something was thrown', String(error), { cause: error });
  }
  const { faults, faultyMs } = run;
  return outcomeOf(seed, simulation, { failure, faults, faultyMs, nodes: 1 });
}
