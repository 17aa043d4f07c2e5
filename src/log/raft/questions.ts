interface Question {
  readonly resolve: (answer: number) => void;
  readonly reject: (error: Error) => void;
}

/** Questions to the core that it answers later, under the number they were asked with. Numbers are never used twice. */
export class Questions {
  readonly #open = new Map<number, Question>();
  #lastId = 0;

  /** @param submit - asks the core, under the number it is given */
  ask(submit: (id: number) => void): Promise<number> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      submit(id);
    });
  }

  answer(id: number, answer: number): void {
    this.#open.get(id)?.resolve(answer);
    this.#open.delete(id);
  }

  refuse(id: number, error: Error): void {
    this.#open.get(id)?.reject(error);
    this.#open.delete(id);
  }

  refuseAll(error: Error): void {
    for (const id of this.#open.keys()) this.refuse(id, error);
  }
}
