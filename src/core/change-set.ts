import { invariant } from '../base/invariant.ts';

/**
 * Which entities changed since the last checkpoint, and their images as of its moment.
 *
 * A checkpoint is taken while commands go on: {@link begin} freezes the set of changed entities,
 * {@link drain} turns them into rows a slice at a time, and {@link touch}, called before each
 * change, saves the image of one that is about to change before its turn came. So the rows are a
 * consistent picture of one moment and no step is long.
 */
export class ChangeSet<Entity, Row, Key> {
  readonly #rowOf: (entity: Entity) => Row;
  readonly #keyOf: (entity: Entity) => Key;
  #dirty = new Set<Entity>();
  #gone: Key[] = [];
  /** Entities that some checkpoint has written, so that their removal must be written too. */
  readonly #stored = new Set<Entity>();
  #pending: Set<Entity> | null = null;
  #images: Row[] = [];

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
    this.#saveImage(entity);
    this.#dirty.add(entity);
  }

  /** Says that `entity` is about to be removed. */
  remove(entity: Entity): void {
    this.#saveImage(entity);
    this.#dirty.delete(entity);
    if (this.#stored.delete(entity)) this.#gone.push(this.#keyOf(entity));
  }

  /** Says that `entity` was restored from a checkpoint. */
  restored(entity: Entity): void {
    this.#stored.add(entity);
  }

  /**
   * Freezes the changes so far; returns the keys removed since the last checkpoint.
   *
   * A key can be removed and made again: delete the returned ones before writing the drained rows.
   */
  begin(): readonly Key[] {
    const isDrained = this.#images.length === 0 && (this.#pending?.size ?? 0) === 0;
    invariant(isDrained, 'a checkpoint is drained before the next one begins');
    this.#pending = this.#dirty;
    for (const entity of this.#dirty) this.#stored.add(entity);
    this.#dirty = new Set();
    const gone = this.#gone;
    this.#gone = [];
    return gone;
  }

  /** The next rows of the frozen changes, at most `max`; empty when all were given. */
  drain(max: number): readonly Row[] {
    if (this.#images.length > 0) return this.#images.splice(0, max);
    const rows: Row[] = [];
    if (this.#pending === null) return rows;
    for (const entity of this.#pending) {
      if (rows.length === max) return rows;
      this.#pending.delete(entity);
      rows.push(this.#rowOf(entity));
    }
    this.#pending = null;
    return rows;
  }

  #saveImage(entity: Entity): void {
    if (this.#pending !== null && this.#pending.delete(entity)) {
      this.#images.push(this.#rowOf(entity));
    }
  }
}
