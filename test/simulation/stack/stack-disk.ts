import { COMMIT_BYTES } from '../../../src/log/embedded/frame.ts';
import { SimulatedDisk, type Fate, type Operation } from '../../disk/simulated-disk.ts';
import type { Chance } from '../kernel/chance.ts';
import type { SimulatedProcess } from './simulated-process.ts';

const SECTOR_BYTES = 512;
const COMMIT_MARK = 'CMIT';
const EMPTY = Buffer.alloc(0);
const SLOW_MEAN_US = 8_000;
const QUICK_MEAN_US = 200;
const STALL_MEAN_US = 800_000;

/** The disk of one node: what its processes find, and how it treats them. */
export class StackDisk {
  readonly #faults: ReadonlySet<string>;
  readonly #chance: Chance;
  #files = new SimulatedDisk();
  /** Whether this process met a fault that may end it. */
  hasFailed = false;
  /** Whether what it keeps was changed behind its back. */
  isDamaged = false;
  isHealed = false;

  constructor(faults: ReadonlySet<string>, chance: Chance) {
    this.#faults = faults;
    this.#chance = chance;
  }

  /** The disk as a new process finds it. */
  mount(process: SimulatedProcess): SimulatedDisk {
    this.hasFailed = false;
    this.#files.fate = (operation): Fate => this.#fate(process, operation);
    return this.#files;
  }

  /** The process is gone; of what it had under way any part may be there. */
  crash(): void {
    this.#files.fate = (): Fate => 'hang';
    this.#files = this.#files.afterCrash({
      nameChanges: (count) => this.#chance.below(count + 1),
      keepsSector: () => this.#chance.happens(0.5),
    });
  }

  /**
   * Changes some of the journal, as decay and misdirected writes do, anywhere before its last group: damage to that one
   * can look like a write that was cut short, which no log can tell (T2 of `torn-tail.ts`).
   *
   * @returns what was done, or null where there was nothing to damage
   */
  damage(chance: Chance): string | null {
    const files = journalFiles(this.#files);
    const [name, content] = files.length === 0 ? ['', EMPTY] : chance.pick(files);
    const sectors = Math.floor(content.length / SECTOR_BYTES);
    if (sectors === 0) return null;
    const kind = chance.pick(['bit', 'misdirected', 'lost'] as const);
    const position = SECTOR_BYTES * chance.below(sectors);
    const bytes = Buffer.from(content.subarray(position, position + SECTOR_BYTES));
    if (kind === 'bit') {
      const at = chance.below(SECTOR_BYTES);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.below(8));
    } else if (kind === 'lost') bytes.fill(0);
    else {
      const from = SECTOR_BYTES * chance.below(sectors);
      content.copy(bytes, 0, from, from + SECTOR_BYTES);
    }
    if (bytes.equals(content.subarray(position, position + SECTOR_BYTES))) return null;
    this.isDamaged = true;
    this.#files.decay(name, bytes, position);
    return `${kind} at ${position} of ${name}`;
  }

  #fate(process: SimulatedProcess, { kind }: Operation): Fate {
    if (process.isDead) return 'hang';
    if (kind === 'read') return 'proceed';
    if (this.#strikes('flush-error', 0.002)) return this.#fails('EIO');
    if (this.#strikes('disk-full', 0.004)) return this.#fails('ENOSPC');
    if (kind === 'write' && this.#strikes('short-write', 0.03)) {
      return { shortBytes: 1 + this.#chance.below(500) };
    }
    const { promise: waits, resolve } = Promise.withResolvers<void>();
    process.after(this.delayUs(), resolve);
    return { waits };
  }

  delayUs(): number {
    let delayUs =
      50 + this.#chance.exponential(this.#is('slow-disk') ? SLOW_MEAN_US : QUICK_MEAN_US);
    if (this.#strikes('stall', 0.005)) delayUs += this.#chance.exponential(STALL_MEAN_US);
    return delayUs;
  }

  #fails(code: string): Fate {
    this.hasFailed = true;
    return { fails: code, afterBytes: this.#chance.below(600) };
  }

  #is(fault: string): boolean {
    return !this.isHealed && this.#faults.has(fault);
  }

  #strikes(fault: string, rate: number): boolean {
    return this.#is(fault) && this.#chance.happens(rate);
  }
}

/** Segments of the journal, each as far as it was followed by another group. */
function journalFiles(disk: SimulatedDisk): [string, Buffer][] {
  const segments = [...disk.files()]
    .filter(([name]) => name.endsWith('.segment'))
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  const groups = segments.flatMap(([name, content]) =>
    commitsOf(content).map((at) => [name, at] as const),
  );
  const settled = new Map(groups.slice(0, -1));
  return segments
    .map(([name, content]): [string, Buffer] => {
      const last = settled.get(name);
      return [name, content.subarray(0, last === undefined ? 0 : last + COMMIT_BYTES)];
    })
    .filter(([, content]) => content.length > 0);
}

/** Where commits seem to be; what only looks like one does no harm. */
function commitsOf(content: Buffer): number[] {
  const found: number[] = [];
  for (let at = content.indexOf(COMMIT_MARK); at >= 0; at = content.indexOf(COMMIT_MARK, at + 1))
    found.push(at);
  return found;
}
