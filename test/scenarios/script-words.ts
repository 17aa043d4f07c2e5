/** Words of a line of a scenario file. */


/** Words of a command after its verb: those without `=` in order, the others by name. */
export class Words {
  readonly plain: readonly string[];
  readonly #named: ReadonlyMap<string, string>;

  constructor(text: string) {
    const words = text.split(/\s+/).filter((word) => word !== '');
    this.plain = words.filter((word) => !word.includes('='));
    const pairs = words.filter((word) => word.includes('='));
    this.#named = new Map(pairs.map((word) => split(word, '=')));
  }

  text(name: string): string | undefined {
    return this.#named.get(name);
  }

  number(name: string): number | undefined {
    const text = this.#named.get(name);
    return text === undefined ? undefined : numberOf(text);
  }

  list(name: string): readonly string[] | undefined {
    return this.#named.get(name)?.split(',');
  }

  /** `zone:eu,rack:7` */
  labels(): Readonly<Record<string, string>> {
    return Object.fromEntries((this.list('labels') ?? []).map((word) => split(word, ':')));
  }

  has(word: string): boolean {
    return this.plain.includes(word);
  }
}

export function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + mark.length)];
}

export function numberOf(text: string): number {
  const value = Number(text);
  if (text === '' || !Number.isFinite(value)) throw new Error(`a number must stand here, got ${text}`);
  return value;
}
