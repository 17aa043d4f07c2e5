import { SimulatedDisk, type Fate, type Operation } from '../../disk/simulated-disk.ts';
import type { Chance } from '../kernel/chance.ts';
import type { SimulatedProcess } from './simulated-process.ts';

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
