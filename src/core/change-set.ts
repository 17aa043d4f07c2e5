import { ChunkedList } from '../base/chunked-list.ts';
import { invariant } from '../base/invariant.ts';
import { ChangedList } from './changed-list.ts';

/** What a change set keeps on each entity, so that it needs no set of them. */
export interface Tracked {
  /** The epoch whose list it is in; 0 for none. Owned by the change set. */
  changeEpoch: number;
  /** Whether a checkpoint has its row, so that its removal must be written too. Owned by the change set. */
  isStored: boolean;
}

/** How an entity starts that no checkpoint has seen. */
export const UNTRACKED: Tracked = { changeEpoch: 0, isStored: false };

/** How an entity starts that was restored from a checkpoint. */
export const RESTORED: Tracked = { changeEpoch: 0, isStored: true };

/** An entity that changed, and its row as of the moment the checkpoint began. */
export interface Image<Entity, Row> {
  readonly entity: Entity;
  readonly row: Row;
}

/** Below this many entities that left the list, sweeping it is not worth its while. */
const SWEEP_MIN = 1_024;
/** Entities that leave before a list is swept: it lets go of twice as many. */
const SWEPT_EVERY = 256;

/**
 * Which entities changed since the last checkpoint, and their images as of its moment.
 *
 * A checkpoint is taken while commands go on: {@link begin} freezes the list of changed entities,
 * {@link drain} turns them into rows a slice at a time, and {@link touch}, called before each
 * change, saves the image of one that is about to change before its turn came. So the rows are a
 * consistent picture of one moment and no step is long.
 *
 * Lists, not sets: an entity knows by its epoch which list it counts in, and one that was removed or
 * moved on is skipped where it still stands. Most tasks come and go between two checkpoints.
 */
export class ChangeSet<Entity extends Tracked, Row, Key> {
  /** The row of an entity as it is now. */
  readonly rowOf: (entity: Entity) => Row;
  readonly #keyOf: (entity: Entity) => Key;
  /** Counts checkpoints, from 1. */
  #epoch = 1;
  #dirty = new ChangedList<Entity>();
  /** Places in `#dirty` whose entity was removed. */
  #left = 0;
  /** How many of them since a list was swept last. */
  #leftSince = 0;
  #gone = new ChunkedList<Key>();
  /** Changed before the running checkpoint; those still of the epoch before wait for their turn. */
  #pending: readonly (readonly Entity[])[] = [];
  /** Which list of those, and which of its entities, comes next. */
  #pendingList = 0;
  #pendingAt = 0;
  #images: Image<Entity, Row>[] = [];
  #imagesAt = 0;

  constructor(rowOf: (entity: Entity) => Row, keyOf: (entity: Entity) => Key) {
    this.rowOf = rowOf;
    this.#keyOf = keyOf;
  }

  /** Changed entities that wait for the next checkpoint. */
  get size(): number {
    return this.#dirty.length - this.#left;
  }

  /** Says that `entity` is about to change or was just made. Must come before the change. */
  touch(entity: Entity): void {
    if (entity.changeEpoch === this.#epoch) return;
    if (this.#isPending(entity)) this.#saveImage(entity);
    entity.changeEpoch = this.#epoch;
    this.#dirty.push(entity);
  }

  /** Says that `entity` is about to be removed. */
  remove(entity: Entity): void {
    if (entity.changeEpoch === this.#epoch) this.#leave();
    else if (this.#isPending(entity)) this.#saveImage(entity);
    entity.changeEpoch = 0;
    if (!entity.isStored) return;
    entity.isStored = false;
    this.#gone.push(this.#keyOf(entity));
  }

  /**
   * Freezes the changes so far; returns the keys removed since the last checkpoint. O(1).
   *
   * A key can be removed and made again: delete the returned ones before writing the drained rows.
   */
  begin(): ChunkedList<Key> {
    invariant(this.#isDrained, 'a checkpoint is drained before the next one begins');
    this.#epoch += 1;
    this.#pending = this.#dirty.lists;
    this.#pendingList = 0;
    this.#pendingAt = 0;
    this.#dirty = new ChangedList();
    this.#left = 0;
    const gone = this.#gone;
    this.#gone = new ChunkedList();
    return gone;
  }

  /** The next images of the frozen changes, at most `max`; empty when all were given. O(max) amortised. */
  drain(max: number): readonly Image<Entity, Row>[] {
    if (this.#images.length > 0) return this.#drainSaved(max);
    const images: Image<Entity, Row>[] = [];
    while (images.length < max) {
      const entity = this.#nextPending();
      if (entity === null) break;
      images.push(this.#imageOf(entity));
      entity.changeEpoch = 0;
    }
    return images;
  }

  /** The next one whose turn it is, or null when all have had theirs. */
  #nextPending(): Entity | null {
    for (;;) {
      const list = this.#pending[this.#pendingList];
      if (list === undefined) {
        this.#pending = [];
        return null;
      }
      const entity = list[this.#pendingAt++];
      if (entity === undefined) {
        this.#pendingList += 1;
        this.#pendingAt = 0;
      } else if (this.#isPending(entity)) return entity;
    }
  }

  #drainSaved(max: number): readonly Image<Entity, Row>[] {
    const images = this.#images.slice(this.#imagesAt, this.#imagesAt + max);
    this.#imagesAt += images.length;
    if (this.#imagesAt === this.#images.length) {
      this.#images = [];
      this.#imagesAt = 0;
    }
    return images;
  }

  get #isDrained(): boolean {
    if (this.#images.length > 0) return false;
    return !this.#pending
      .slice(this.#pendingList)
      .some((list) => list.some((entity) => this.#isPending(entity)));
  }

  #isPending(entity: Entity): boolean {
    return entity.changeEpoch === this.#epoch - 1 && entity.changeEpoch !== 0;
  }

  #saveImage(entity: Entity): void {
    this.#images.push(this.#imageOf(entity));
  }

  #imageOf(entity: Entity): Image<Entity, Row> {
    entity.isStored = true;
    return { entity, row: this.rowOf(entity) };
  }

  /** Lets go of removed entities, some at a time, while they are the most there are. */
  #leave(): void {
    this.#left += 1;
    this.#leftSince += 1;
    if (this.#left < SWEEP_MIN || this.#left * 2 < this.#dirty.length) return;
    if (this.#leftSince < SWEPT_EVERY) return;
    this.#leftSince = 0;
    this.#left -= this.#dirty.sweepOne((entity) => entity.changeEpoch === this.#epoch);
  }
}
