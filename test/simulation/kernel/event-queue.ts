/** Something that happens at a moment of virtual time. */
export type Action = () => void;

/**
 * A binary heap of actions by moment; those of one moment run in the order in which they were added.
 *
 * Flat arrays instead of objects: adding and taking allocate nothing but the action itself.
 */
export class EventQueue {
  readonly #atUs: number[] = [];
  readonly #order: number[] = [];
  readonly #actions: Action[] = [];
  #added = 0;

  get length(): number {
    return this.#actions.length;
  }

  /** Moment of the next action; `Infinity` where there is none. */
  get nextAtUs(): number {
    return this.#atUs[0] ?? Infinity;
  }

  add(atUs: number, action: Action): void {
    const order = this.#added;
    this.#added += 1;
    let position = this.#actions.length;
    this.#place(position, atUs, order, action);
    while (position > 0) {
      const parent = (position - 1) >> 1;
      if (!this.#isBefore(atUs, order, parent)) break;
      this.#copy(parent, position);
      position = parent;
    }
    this.#place(position, atUs, order, action);
  }

  /** Takes the next action out; `undefined` where there is none. */
  take(): Action | undefined {
    const first = this.#actions[0];
    const lastAction = this.#actions.pop();
    const lastAtUs = this.#atUs.pop();
    const lastOrder = this.#order.pop();
    if (first === undefined || lastAction === undefined) return undefined;
    if (lastAtUs === undefined || lastOrder === undefined) return undefined;
    const length = this.#actions.length;
    if (length === 0) return first;
    let position = 0;
    for (;;) {
      let child = 2 * position + 1;
      if (child >= length) break;
      if (
        child + 1 < length &&
        this.#isBefore(this.#timeOf(child + 1), this.#orderOf(child + 1), child)
      )
        child += 1;
      if (this.#isBefore(lastAtUs, lastOrder, child)) break;
      this.#copy(child, position);
      position = child;
    }
    this.#place(position, lastAtUs, lastOrder, lastAction);
    return first;
  }

  #timeOf(position: number): number {
    return this.#atUs[position] ?? Infinity;
  }

  #orderOf(position: number): number {
    return this.#order[position] ?? Infinity;
  }

  #isBefore(atUs: number, order: number, position: number): boolean {
    const otherAtUs = this.#timeOf(position);
    return atUs < otherAtUs || (atUs === otherAtUs && order < this.#orderOf(position));
  }

  #copy(source: number, target: number): void {
    this.#place(
      target,
      this.#timeOf(source),
      this.#orderOf(source),
      this.#actions[source] as Action,
    );
  }

  #place(position: number, atUs: number, order: number, action: Action): void {
    this.#atUs[position] = atUs;
    this.#order[position] = order;
    this.#actions[position] = action;
  }
}
