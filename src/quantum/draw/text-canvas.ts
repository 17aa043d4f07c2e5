/** A page of characters on which lines join where they meet. */

/** How strongly a line leaves a character to one side: not at all, single, double. */
type Strength = 0 | 1 | 2;

/** Characters by how lines leave them: up, right, down, left. */
const JOINTS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '0000': ' ',
    '0101': '─',
    '1010': '│',
    '0110': '┌',
    '0011': '┐',
    '1100': '└',
    '1001': '┘',
    '1110': '├',
    '1011': '┤',
    '0111': '┬',
    '1101': '┴',
    '1111': '┼',
    '0202': '═',
    '2020': '║',
    '2202': '╩',
    '0222': '╦',
    '2222': '╬',
    '0121': '╥',
    '2101': '╨',
    '2121': '╫',
    '1212': '╪',
    '1202': '╧',
    '0212': '╤',
    '0001': '─',
    '0100': '─',
    '0002': '═',
    '0200': '═',
    '1002': '╛',
    '1200': '╘',
    '0012': '╕',
    '0210': '╒',
    '1210': '╞',
    '1012': '╡',
  }),
);

export class TextCanvas {
  readonly #width: number;
  readonly #height: number;
  /** Four strengths for each character. */
  readonly #lines: Uint8Array;
  readonly #texts: (string | undefined)[];

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#lines = new Uint8Array(width * height * 4);
    this.#texts = Array.from({ length: width * height });
  }

  /** From the middle of one character to the middle of another in its row. */
  horizontal(row: number, from: number, to: number, strength: Strength): void {
    for (let column = from; column <= to; column++) {
      if (column < to) this.#set(row, column, 1, strength);
      if (column > from) this.#set(row, column, 3, strength);
    }
  }

  /** From the middle of one character to the middle of another in its column. */
  vertical(column: number, from: number, to: number, strength: Strength): void {
    for (let row = from; row <= to; row++) {
      if (row < to) this.#set(row, column, 2, strength);
      if (row > from) this.#set(row, column, 0, strength);
    }
  }

  /** An empty box: what was inside is gone. */
  box(top: number, left: number, bottom: number, right: number): void {
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const isInside = row > top && row < bottom && column > left && column < right;
        if (isInside) this.clear(row, column);
      }
    }
    // Lines that came through the inside end at the border.
    for (let row = top + 1; row < bottom; row++) {
      this.#reset(row, left, 1);
      this.#reset(row, right, 3);
    }
    for (let column = left + 1; column < right; column++) {
      this.#reset(top, column, 2);
      this.#reset(bottom, column, 0);
    }
    this.horizontal(top, left, right, 1);
    this.horizontal(bottom, left, right, 1);
    this.vertical(left, top, bottom, 1);
    this.vertical(right, top, bottom, 1);
  }

  /** Characters over whatever lines are there. */
  text(row: number, column: number, text: string): void {
    for (const [k, character] of Array.from(text).entries()) {
      if (column + k < this.#width) this.#texts[row * this.#width + column + k] = character;
    }
  }

  clear(row: number, column: number): void {
    const at = row * this.#width + column;
    this.#lines.fill(0, at * 4, at * 4 + 4);
    this.#texts[at] = undefined;
  }

  /** The page, without blanks at the ends of lines. */
  toString(): string {
    const rows = Array.from({ length: this.#height }, (_, row) => this.#row(row).trimEnd());
    return rows.join('\n');
  }

  #row(row: number): string {
    let text = '';
    for (let column = 0; column < this.#width; column++) {
      const at = row * this.#width + column;
      text +=
        this.#texts[at] ?? JOINTS.get(this.#lines.subarray(at * 4, at * 4 + 4).join('')) ?? '┼';
    }
    return text;
  }

  #set(row: number, column: number, side: number, strength: Strength): void {
    const at = (row * this.#width + column) * 4 + side;
    this.#lines[at] = Math.max(this.#lines[at], strength);
  }

  #reset(row: number, column: number, side: number): void {
    this.#lines[(row * this.#width + column) * 4 + side] = 0;
  }
}
