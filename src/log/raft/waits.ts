interface Wait {
  readonly isOver: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** Ends in `LEADERSHIP_LOST` when this node stops leading. */
  readonly isLeaders: boolean;
}

/** Callers that wait until something is so. Looked at whenever something changed; there are few at a time. */
export class Waits {
  #waits: Wait[] = [];

  until(isOver: () => boolean, isLeaders: boolean): Promise<void> {
    if (isOver()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waits.push({ isOver, resolve, reject, isLeaders });
    });
  }

  look(): void {
    if (this.#waits.length === 0) return;
    const over = this.#waits.filter((wait) => wait.isOver());
    if (over.length === 0) return;
    this.#waits = this.#waits.filter((wait) => !over.includes(wait));
    for (const wait of over) wait.resolve();
  }

  /** @param leadersOnly - leaves those alone that do not depend on leading */
  reject(error: Error, leadersOnly: boolean): void {
    const lost = this.#waits.filter((wait) => wait.isLeaders || !leadersOnly);
    this.#waits = this.#waits.filter((wait) => !lost.includes(wait));
    for (const wait of lost) wait.reject(error);
  }
}
