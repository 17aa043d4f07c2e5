/**
 * Looks into a message of submits without decoding it: who refuses most of what comes must not first make
 * objects of it.
 */
import { TASK_DEFAULTS } from './normalize.ts';

/** What is known of a submit frame that nobody decoded yet. */
export interface ScannedSubmit {
  readonly requestId: number;
  /** The highest of its specs. */
  readonly priority: number;
  readonly tasks: number;
  /** The frame by itself. */
  readonly bytes: Uint8Array;
}

/** Deeper values are left to the decoder. */
const DEPTH_MAX = 16;
const SUBMIT = Buffer.from('submit');
const PRIORITY = Buffer.from('priority');
const PRIORITY_MAX = 9;

/**
 * The submits of a message, or null where it has anything else in it, or is not what it should be: then
 * decoding it tells. About a microsecond for twenty tasks, whatever the length of their payloads.
 */
export function scanSubmits(message: Uint8Array): readonly ScannedSubmit[] | null {
  const scan = new Scan(message);
  const submits: ScannedSubmit[] = [];
  const frames = scan.arrayLength();
  for (let i = 0; i < frames; i++) {
    const submit = scanFrame(scan, message);
    if (submit === null) return null;
    submits.push(submit);
  }
  return scan.isWhole && submits.length > 0 ? submits : null;
}

function scanFrame(scan: Scan, message: Uint8Array): ScannedSubmit | null {
  const start = scan.at;
  const fields = scan.arrayLength();
  if (fields < 7 || !scan.isText(SUBMIT)) return null;
  const requestId = scan.integer();
  const priority = highestPriority(scan);
  scan.skip();
  const tasks = scan.arrayLength();
  for (let i = 0; i < tasks; i++) scan.skip();
  for (let i = 5; i < fields; i++) scan.skip();
  if (scan.hasFailed || tasks < 1) return null;
  return { requestId, priority, tasks, bytes: message.subarray(start, scan.at) };
}

function highestPriority(scan: Scan): number {
  let highest = 0;
  const specs = scan.arrayLength();
  for (let i = 0; i < specs; i++) {
    let priority: number = TASK_DEFAULTS.priority;
    const keys = scan.mapLength();
    for (let k = 0; k < keys; k++) {
      if (!scan.isText(PRIORITY)) {
        // It was a key of another name: its value follows.
        scan.skip();
        continue;
      }
      priority = scan.integer();
      if (priority > PRIORITY_MAX) scan.hasFailed = true;
    }
    highest = Math.max(highest, priority);
  }
  return highest;
}

/** Reads MessagePack from its start on; after a failure what it answers means nothing. */
class Scan {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;
  hasFailed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Whether all of it was read, and nothing but it. */
  get isWhole(): boolean {
    return !this.hasFailed && this.at === this.#bytes.length;
  }

  /** Length of the array that begins here; 0 where there is none. */
  arrayLength(): number {
    const head = this.#byte();
    if (head >= 0x90 && head <= 0x9f) return head & 0x0f;
    return this.#lengthOf(head, 0xdc);
  }

  /** As {@link arrayLength} for a map. */
  mapLength(): number {
    const head = this.#byte();
    if (head >= 0x80 && head <= 0x8f) return head & 0x0f;
    return this.#lengthOf(head, 0xde);
  }

  /** A whole number of at most 32 bits that is not negative. */
  integer(): number {
    const head = this.#byte();
    if (head <= 0x7f) return head;
    if (head >= 0xcc && head <= 0xce) return this.#unsigned(1 << (head - 0xcc));
    return this.#fail();
  }

  /** Goes past a text and says whether it is that one. */
  isText(text: Uint8Array): boolean {
    const head = this.#byte();
    const length = head >= 0xa0 && head <= 0xbf ? head & 0x1f : this.#textLength(head);
    const from = this.at;
    this.#forward(length);
    if (this.hasFailed || length !== text.length) return false;
    for (let i = 0; i < length; i++) if (this.#bytes[from + i] !== text[i]) return false;
    return true;
  }

  /** Goes past one value. */
  skip(depth = 0): void {
    if (depth > DEPTH_MAX) this.#fail();
    if (this.hasFailed) return;
    const head = this.#byte();
    if (head <= 0x7f || head >= 0xe0) return;
    if (head <= 0x8f) this.#skipAll(2 * (head & 0x0f), depth);
    else if (head <= 0x9f) this.#skipAll(head & 0x0f, depth);
    else if (head <= 0xbf) this.#forward(head & 0x1f);
    else this.#skipLong(head, depth);
  }

  #skipLong(head: number, depth: number): void {
    if (head === 0xc0 || head === 0xc2 || head === 0xc3) return;
    if (head >= 0xd9 && head <= 0xdb) this.#forward(this.#textLength(head));
    else if (head >= 0xc4 && head <= 0xc6) this.#forward(this.#unsigned(1 << (head - 0xc4)));
    else if (head >= 0xca && head <= 0xcb) this.#forward(head === 0xca ? 4 : 8);
    else if (head >= 0xcc && head <= 0xcf) this.#forward(1 << (head - 0xcc));
    else if (head >= 0xd0 && head <= 0xd3) this.#forward(1 << (head - 0xd0));
    else if (head >= 0xdc && head <= 0xdd) this.#skipAll(this.#lengthOf(head, 0xdc), depth);
    else if (head >= 0xde) this.#skipAll(2 * this.#lengthOf(head, 0xde), depth);
    else this.#fail();
  }

  #skipAll(values: number, depth: number): void {
    for (let i = 0; i < values && !this.hasFailed; i++) this.skip(depth + 1);
  }

  #textLength(head: number): number {
    if (head >= 0xd9 && head <= 0xdb) return this.#unsigned(1 << (head - 0xd9));
    return this.#fail();
  }

  /** A length of 16 or 32 bits after one of two heads. */
  #lengthOf(head: number, short: number): number {
    if (head !== short && head !== short + 1) return this.#fail();
    return this.#unsigned(head === short ? 2 : 4);
  }

  #byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) return this.#fail();
    this.at += 1;
    return byte;
  }

  #unsigned(bytes: number): number {
    const from = this.at;
    this.#forward(bytes);
    if (this.hasFailed) return 0;
    if (bytes === 1) return this.#view.getUint8(from);
    return bytes === 2 ? this.#view.getUint16(from) : this.#view.getUint32(from);
  }

  #forward(bytes: number): void {
    this.at += bytes;
    if (this.at > this.#bytes.length) this.#fail();
  }

  #fail(): number {
    this.hasFailed = true;
    return 0;
  }
}
