/**
 * The log as the core sees it: term and hash of every entry kept, the newest bodies, and the configurations in it.
 *
 * Knows nothing of what is durable or committed.
 */
import { invariant } from '../../base/invariant.ts';
import type { Configuration } from './configuration.ts';
import { decodeConfiguration } from './configuration-codec.ts';
import { entryHash, isSameHash } from './entry-hash.ts';
import { EntryTail } from './entry-tail.ts';
import type { Hasher } from './hasher.ts';
import type { LogBase, RaftEntry, SnapshotMeta } from './log-entry.ts';
import { TermIndex } from './term-index.ts';

interface ConfigurationAt {
  readonly index: number;
  readonly configuration: Configuration;
}

export class RaftLogView {
  readonly #hasher: Hasher;
  #base: LogBase;
  #index = new TermIndex();
  readonly #tail = new EntryTail();
  /** Hash of the newest entry, or of the base; asked for several times an entry. */
  #lastHash: Uint8Array;
  /** Oldest first; the first is that of the base. */
  #configurations: ConfigurationAt[];

  constructor(base: LogBase, hasher: Hasher) {
    this.#hasher = hasher;
    this.#base = base;
    this.#lastHash = base.hash;
    this.#configurations = [{ index: base.configurationIndex, configuration: base.configuration }];
  }

  get base(): LogBase {
    return this.#base;
  }

  get lastIndex(): number {
    return this.#base.index + this.#index.length;
  }

  get lastTerm(): number {
    return this.termAt(this.lastIndex) ?? 0;
  }

  get lastHash(): Uint8Array {
    return this.#lastHash;
  }

  get tailBytes(): number {
    return this.#tail.bytes;
  }

  /** The newest configuration in the log, committed or not. */
  get configuration(): Configuration {
    return this.#configurations.at(-1)?.configuration ?? this.#base.configuration;
  }

  get configurationIndex(): number {
    return this.#configurations.at(-1)?.index ?? 0;
  }

  /** The one before the newest; the newest itself where the log has no other. */
  get previousConfiguration(): Configuration {
    return this.#configurations.at(-2)?.configuration ?? this.configuration;
  }

  /** Null where the entry is compacted away or not there: never a number that could match by chance. */
  termAt(index: number): number | null {
    if (index === this.#base.index) return this.#base.term;
    if (index < this.#base.index || index > this.lastIndex) return null;
    return this.#index.termOf(index - this.#base.index - 1);
  }

  hashAt(index: number): Uint8Array | null {
    if (index === this.#base.index) return this.#base.hash;
    if (index < this.#base.index || index > this.lastIndex) return null;
    return this.#index.hashOf(index - this.#base.index - 1);
  }

  /** True when `entry` is the one this log has at its index. Cost: one hash. */
  isHeld(entry: RaftEntry): boolean {
    const held = this.hashAt(entry.index);
    return held !== null && isSameHash(held, entryHash(this.#hasher, entry));
  }

  /** Takes the next entry. `hash`, where it is known already, spares one hash. */
  append(entry: RaftEntry, hash: Uint8Array = entryHash(this.#hasher, entry)): void {
    invariant(entry.index === this.lastIndex + 1, 'a log must have no gaps');
    invariant(entry.term >= this.lastTerm, 'terms in a log must not decrease');
    invariant(isSameHash(entry.prevHash, this.lastHash), 'a log must be one chain of hashes');
    this.#index.push(entry.term, hash);
    this.#tail.push(entry);
    this.#lastHash = hash;
    if (entry.kind === 'configuration')
      this.#configurations.push({
        index: entry.index,
        configuration: decodeConfiguration(entry.body),
      });
  }

  truncateFrom(index: number): void {
    invariant(index > this.#base.index, 'what is compacted must not be truncated');
    this.#index.keepFirst(index - this.#base.index - 1);
    this.#tail.truncateFrom(index);
    this.#lastHash = this.hashAt(this.lastIndex) ?? this.#base.hash;
    while (this.configurationIndex >= index) this.#configurations.pop();
  }

  /** The base a log compacted through `index` would have. */
  baseAt(index: number): LogBase {
    const term = this.termAt(index);
    const hash = this.hashAt(index);
    invariant(term !== null && hash !== null, 'a base must be in the log');
    const inForce = this.#configurations.findLast((one) => one.index <= index);
    invariant(inForce !== undefined, 'a base must have a configuration');
    const { configuration, index: configurationIndex } = inForce;
    return { index, term, hash, configuration, configurationIndex };
  }

  compactTo(base: LogBase): void {
    this.#index.dropFirst(base.index - this.#base.index);
    this.#tail.dropThrough(base.index);
    const kept = this.#configurations.filter((one) => one.index > base.index);
    this.#configurations = [
      { index: base.configurationIndex, configuration: base.configuration },
      ...kept,
    ];
    this.#base = base;
  }

  /** Drops everything: the log continues behind a snapshot. */
  restartBehind(meta: SnapshotMeta): void {
    this.#base = baseOf(meta);
    this.#lastHash = this.#base.hash;
    this.#index = new TermIndex();
    this.#tail.clear();
    this.#configurations = [{ index: meta.configurationIndex, configuration: meta.configuration }];
  }

  /** Entries that are in memory from `from` on; empty when that one is not. */
  slice(from: number, to: number, bytesMax: number): RaftEntry[] {
    return this.#tail.slice(from, to, bytesMax);
  }

  shrinkTail(bytesMax: number, lastIndex: number): void {
    this.#tail.shrink(bytesMax, lastIndex);
  }

  /**
   * The newest index up to `index` whose term is at most `term`: what two logs can at best agree on.
   *
   * Cost: a step for each entry of later terms.
   */
  newestOfTerm(index: number, term: number): number {
    let at = Math.min(index, this.lastIndex);
    while (at > this.#base.index && (this.termAt(at) ?? 0) > term) at -= 1;
    return at;
  }
}

/** Where a log continues behind a snapshot. */
export function baseOf(meta: SnapshotMeta): LogBase {
  return {
    index: meta.lastIndex,
    term: meta.lastTerm,
    hash: meta.lastHash,
    configuration: meta.configuration,
    configurationIndex: meta.configurationIndex,
  };
}
