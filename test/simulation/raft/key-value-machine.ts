/** The state machine under the cluster: registers with compare-and-swap, told apart by small numbers. */
import type { RegisterInput } from '../checks/register-model.ts';
import type { Chance } from '../kernel/chance.ts';

/** A command: what to do, with padding so that bodies differ in size. */
export interface KeyCommand {
  readonly key: number;
  readonly input: RegisterInput;
}

const KINDS = ['get', 'put', 'swap'] as const;
const COMMAND_BYTES = 14;

export function encodeCommand({ key, input }: KeyCommand, paddingBytes: number): Uint8Array {
  const bytes = new Uint8Array(COMMAND_BYTES + paddingBytes);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, KINDS.indexOf(input.kind));
  view.setUint8(1, key);
  view.setUint32(2, input.kind === 'get' ? 0 : input.value);
  view.setUint32(6, input.kind === 'swap' ? input.expected : 0);
  return bytes;
}

export function decodeCommand(bytes: Uint8Array): KeyCommand {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = KINDS[view.getUint8(0)] ?? 'get';
  const key = view.getUint8(1);
  const value = view.getUint32(2);
  if (kind === 'get') return { key, input: { kind } };
  if (kind === 'put') return { key, input: { kind, value } };
  return { key, input: { kind, value, expected: view.getUint32(6) } };
}

export function drawCommandInput(chance: Chance, value: number, recent: number): RegisterInput {
  const draw = chance.below(10);
  if (draw < 4) return { kind: 'get' };
  if (draw < 8) return { kind: 'put', value };
  return { kind: 'swap', expected: recent, value };
}

/** Registers, and a hash of every command that led here. */
export class KeyValueMachine {
  readonly #values: Uint32Array;
  #high = 1;
  #low = 1;

  constructor(keys: number, encoded?: Uint8Array) {
    this.#values = new Uint32Array(keys);
    if (encoded === undefined) return;
    const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
    this.#high = view.getUint32(0);
    this.#low = view.getUint32(4);
    for (let key = 0; key < keys; key += 1) this.#values[key] = view.getUint32(8 + 4 * key);
  }

  /** A whole number of 52 bits, equal for equal histories. */
  get digest(): number {
    return (this.#high & 0xf_ffff) * 0x1_0000_0000 + this.#low;
  }

  read(key: number): number {
    return this.#values[key] ?? 0;
  }

  /** @returns what the client is told: for a swap whether it was done */
  apply(index: number, bytes: Uint8Array): number {
    const { key, input } = decodeCommand(bytes);
    const value = this.read(key);
    let next = value;
    if (input.kind === 'put') next = input.value;
    if (input.kind === 'swap' && value === input.expected) next = input.value;
    this.#values[key] = next;
    this.#high = Math.imul(this.#high ^ index, 0x01000193) >>> 0;
    this.#low = Math.imul(this.#low ^ next ^ (key << 24) ^ this.#high, 0x9e3779b1) >>> 0;
    if (input.kind === 'get') return value;
    return input.kind === 'swap' ? Number(value === input.expected) : 0;
  }

  encode(paddingBytes: number): Uint8Array {
    const bytes = new Uint8Array(8 + 4 * this.#values.length + paddingBytes);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, this.#high);
    view.setUint32(4, this.#low);
    for (const [key, value] of this.#values.entries()) view.setUint32(8 + 4 * key, value);
    return bytes;
  }
}
