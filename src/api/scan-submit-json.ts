/**
 * Looks into the JSON of a submit without parsing it: who refuses most of what comes must not first make
 * objects of it. The counterpart of `contract/scan-submits.ts` for HTTP.
 */
import { TASK_DEFAULTS } from '../contract/index.ts';

/** What is known of a submit that nobody parsed yet. */
export interface ScannedBody {
  /** The highest of its tasks. */
  readonly priority: number;
  readonly tasks: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const BEGIN_LIST = 0x5b;
const END_LIST = 0x5d;
const BEGIN_OBJECT = 0x7b;
const END_OBJECT = 0x7d;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

const PRIORITY = Buffer.from('priority');
const TASKS = Buffer.from('tasks');

/**
 * Priority and number of tasks of a body, `{…}` or `{"tasks": […]}`; null where it is not what a submit is,
 * or says it in a way that only parsing tells (names with escapes, a list of tasks given twice). It does not find all
 * that is wrong with a body: whoever parses it does. Some microseconds for twenty tasks.
 */
export function scanSubmitJson(body: Buffer): ScannedBody | null {
  const scan = new Scan(body);
  let own: number = TASK_DEFAULTS.priority;
  let list: ScannedBody | null = null;
  scan.eachField((isNamed) => {
    if (isNamed(PRIORITY)) own = scan.digit();
    else if (!isNamed(TASKS)) scan.skip();
    else if (list === null) list = scanTasks(scan);
    else scan.fail();
  });
  scan.skipSpace();
  if (scan.hasFailed || scan.at !== body.length) return null;
  return list ?? { priority: own, tasks: 1 };
}

function scanTasks(scan: Scan): ScannedBody {
  let highest = 0;
  let tasks = 0;
  scan.eachItem(() => {
    let priority: number = TASK_DEFAULTS.priority;
    scan.eachField((isNamed) => {
      if (isNamed(PRIORITY)) priority = scan.digit();
      else scan.skip();
    });
    highest = Math.max(highest, priority);
    tasks += 1;
  });
  if (tasks === 0) scan.fail();
  return { priority: highest, tasks };
}

/** Reads JSON from its start on; after a failure what it answers means nothing. */
class Scan {
  readonly #bytes: Buffer;
  at = 0;
  hasFailed = false;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  fail(): void {
    this.hasFailed = true;
  }

  /** Goes through an object; `field` goes past the value of each name. */
  eachField(field: (isNamed: (name: Buffer) => boolean) => void): void {
    let from = 0;
    let to = 0;
    const isNamed = (name: Buffer): boolean =>
      to - from === name.length && this.#bytes.compare(name, 0, name.length, from, to) === 0;
    this.#each(BEGIN_OBJECT, END_OBJECT, () => {
      this.skipSpace();
      from = this.at + 1;
      this.#skipText();
      to = this.at - 1;
      const escape = this.#bytes.subarray(from, to).indexOf(BACKSLASH);
      if (escape >= 0) this.fail();
      this.#expect(COLON);
      field(isNamed);
    });
  }

  /** Goes through a list; `item` goes past each value. */
  eachItem(item: () => void): void {
    this.#each(BEGIN_LIST, END_LIST, item);
  }

  /** A number of one digit. */
  digit(): number {
    this.skipSpace();
    const byte = this.#bytes[this.at] ?? 0;
    this.at += 1;
    this.skipSpace();
    const next = this.#bytes[this.at];
    const isAlone = next === COMMA || next === END_OBJECT;
    if (byte < DIGIT_0 || byte > DIGIT_9 || !isAlone) this.fail();
    return byte - DIGIT_0;
  }

  /** Goes past a value, whatever it is. */
  skip(): void {
    this.skipSpace();
    let depth = 0;
    const from = this.at;
    while (!this.hasFailed) {
      const byte = this.#bytes[this.at];
      if (byte === undefined) return this.fail();
      if (byte === QUOTE) {
        this.#skipText();
        continue;
      }
      if (byte === BEGIN_LIST || byte === BEGIN_OBJECT) depth += 1;
      else if (byte === END_LIST || byte === END_OBJECT) depth -= 1;
      // The end of what this value is in, or the next one beside it.
      if (depth < 0 || (depth === 0 && byte === COMMA)) break;
      this.at += 1;
    }
    if (this.at === from) this.fail();
  }

  skipSpace(): void {
    for (;;) {
      const byte = this.#bytes[this.at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.at += 1;
    }
  }

  #each(begin: number, end: number, one: () => void): void {
    this.#expect(begin);
    this.skipSpace();
    if (this.#bytes[this.at] === end) this.at += 1;
    else
      while (!this.hasFailed) {
        one();
        this.skipSpace();
        const byte = this.#bytes[this.at];
        this.at += 1;
        if (byte === end) return;
        if (byte !== COMMA) this.fail();
      }
  }

  #expect(byte: number): void {
    this.skipSpace();
    if (this.#bytes[this.at] !== byte) this.fail();
    this.at += 1;
  }

  /** Goes past a text, which begins here. */
  #skipText(): void {
    if (this.#bytes[this.at] !== QUOTE) return this.fail();
    let from = this.at + 1;
    for (;;) {
      const end = this.#bytes.indexOf(QUOTE, from);
      if (end < 0) return this.fail();
      from = end + 1;
      if (this.#isEscaped(end)) continue;
      this.at = from;
      return;
    }
  }

  #isEscaped(place: number): boolean {
    let first = place;
    while (this.#bytes[first - 1] === BACKSLASH) first -= 1;
    return (place - first) % 2 === 1;
  }
}
