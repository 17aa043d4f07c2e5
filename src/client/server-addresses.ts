/** Where the server is, or the nodes of a cluster: one is asked, and another once that one cannot be reached. */
export class ServerAddresses {
  readonly #urls: readonly string[];
  #at = 0;

  /** @param text - one base address, or several with commas between them */
  constructor(text: string) {
    const urls = text.split(',').map((url) => url.trim());
    this.#urls = urls.map((url) => (url.endsWith('/') ? url.slice(0, -1) : url));
  }

  /** The one that is asked now. */
  get url(): string {
    return this.#urls[this.#at] ?? '';
  }

  get count(): number {
    return this.#urls.length;
  }

  /** `failed` could not be reached: another is asked from now on, unless that was noticed before. */
  leave(failed: string): void {
    if (failed === this.url) this.#at = (this.#at + 1) % this.#urls.length;
  }
}
