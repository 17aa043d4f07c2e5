/** Tells of promises that nobody heard fail: a process would end by them. Whoever listened before listens again after. */
export class Unhandled implements Disposable {
  readonly #before = process.listeners('unhandledRejection');

  constructor(tell: (error: unknown) => void) {
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', tell);
  }

  [Symbol.dispose](): void {
    process.removeAllListeners('unhandledRejection');
    for (const listener of this.#before) process.on('unhandledRejection', listener);
  }
}
