import { invariant } from '../base/invariant.ts';

/** What a change set keeps on each entity, so that a second change of it costs one comparison. */
export interface Tracked {
  /** The epoch of its last change; 0 before the first. Owned by the change set. */
  changeEpoch: number;
  /** Whether a checkpoint has its row, so that its removal must be written too. Owned by the change set. */
  isStored: boolean;
}

/** How an entity starts that no checkpoint has seen. */
export const UNTRACKED: Tracked = { changeEpoch: 0, isStored: false };

/** How an entity starts that was restored from a checkpoint. */
export const RESTORED: Tracked = { changeEpoch: 0, isStored: true };

/**
 * Which entities changed since the last checkpoint, and their images as of its moment.
 *
 * A checkpoint is taken while commands go on: {@link begin} freezes the set of changed entities,
 * {@link drain} turns them into rows a slice at a time, and {@link touch}, called before each
 * change, saves the image of one that is about to change before its turn came. So the rows are a
 * consistent picture of one moment and no step is long.
 */
/** An entity that changed, and its row as of the moment the checkpoint began. */
export interface Image<Entity, Row> {
  readonly entity: Entity;
  readonly row: Row;
}

export class ChangeSet<Entity extends Tracked, Row, Key> {
  readonly #rowOf: (entity: Entity) => Row;
  readonly #keyOf: (entity: Entity) => Key;
  /** Counts checkpoints, from 1: an entity of this epoch is in `#dirty` already. */
  #epoch = 1;
  #dirty = new Set<Entity>();
  #gone: Key[] = [];
  #pending: Set<Entity> | null = null;
  #images: Image<Entity, Row>[] = [];
  #imagesDrained = 0;
  #pendingNext: Iterator<Entity> | null = null;

  constructor(rowOf: (entity: Entity) => Row, keyOf: (entity: Entity) => Key) {
    this.#rowOf = rowOf;
    this.#keyOf = keyOf;
  }

  /** Changed entities that wait for the next checkpoint. */
  get size(): number {
    return this.#dirty.size;
  }

  /** Says that `entity` is about to change or was just made. Must come before the change. */
  touch(entity: Entity): void {
    if (entity.changeEpoch === this.#epoch) return;
    this.#saveImage(entity);
    entity.changeEpoch = this.#epoch;
    this.#dirty.add(entity);
  }

  /** Says that `entity` is about to be removed. */
  remove(entity: Entity): void {
    if (entity.changeEpoch === this.#epoch) this.#dirty.delete(entity);
    else this.#saveImage(entity);
    if (!entity.isStored) return;
    entity.isStored = false;
    this.#gone.push(this.#keyOf(entity));
  }

  /**
   * Freezes the changes so far; returns the keys removed since the last checkpoint. O(1).
   *
   * A key can be removed and made again: delete the returned ones before writing the drained rows.
   */
  begin(): readonly Key[] {
    const isDrained = this.#images.length === 0 && (this.#pending?.size ?? 0) === 0;
    invariant(isDrained, 'a checkpoint is drained before the next one begins');
    this.#epoch += 1;
    this.#pending = this.#dirty;
    this.#pendingNext = this.#dirty.values();
    this.#dirty = new Set();
    const gone = this.#gone;
    this.#gone = [];
    return gone;
  }

  /** The next images of the frozen changes, at most `max`; empty when all were given. O(max). */
  drain(max: number): readonly Image<Entity, Row>[] {
    if (this.#images.length > 0) return this.#drainSaved(max);
    const images: Image<Entity, Row>[] = [];
    // One iterator for the whole checkpoint: a new one would walk over what was deleted each time.
    while (this.#pending !== null && images.length < max) {
      const next = this.#pendingNext?.next();
      if (next === undefined || next.done === true) {
        this.#pending = null;
        this.#pendingNext = null;
      } else {
        this.#pending.delete(next.value);
        images.push(this.#imageOf(next.value));
      }
    }
    return images;
  }

  #drainSaved(max: number): readonly Image<Entity, Row>[] {
    const images = this.#images.slice(this.#imagesDrained, this.#imagesDrained + max);
    this.#imagesDrained += images.length;
    if (this.#imagesDrained === this.#images.length) {
      this.#images = [];
      this.#imagesDrained = 0;
    }
    return images;
  }

  #saveImage(entity: Entity): void {
    if (this.#pending !== null && this.#pending.delete(entity)) {
      this.#images.push(this.#imageOf(entity));
    }
  }

  #imageOf(entity: Entity): Image<Entity, Row> {
    entity.isStored = true;
    return { entity, row: this.#rowOf(entity) };
  }
}
