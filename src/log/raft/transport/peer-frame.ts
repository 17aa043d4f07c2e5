/**
 * Frames between nodes of a cluster.
 *
 *   offset  bytes
 *        0      4  magic "UQOP"
 *        4      4  size of the payload
 *        8      1  kind
 *        9      3  zero
 *       12      4  CRC-32C of the 12 bytes above and the payload
 *       16         payload
 *
 * Integers are little-endian. The magic tells a stream that lost its place, or a stranger's protocol, from a damaged
 * payload; the size is checked before anything is kept for it.
 */
import { crc32c } from '@node-rs/crc32';
import { OrchestratorError } from '../../../base/errors.ts';
import { invariant } from '../../../base/invariant.ts';

export const FRAME_HEADER_BYTES = 16;
const MAGIC = Buffer.from('UQOP', 'latin1').readUInt32LE();

/** What a frame is, by its number on the wire. */
export const FRAME_KIND = {
  challenge: 1,
  hello: 2,
  welcome: 3,
  refusal: 4,
  message: 5,
  request: 6,
  response: 7,
  digest: 8,
  peers: 9,
  ping: 10,
  pong: 11,
} as const;

export type FrameKind = keyof typeof FRAME_KIND;

const KINDS: readonly (FrameKind | undefined)[] = kindsByNumber();

export interface PeerFrame {
  readonly kind: FrameKind;
  /** May be a view of a larger buffer. */
  readonly payload: Buffer;
}

function kindsByNumber(): (FrameKind | undefined)[] {
  const kinds: (FrameKind | undefined)[] = [];
  for (const [kind, number] of Object.entries(FRAME_KIND)) kinds[number] = kind as FrameKind;
  return kinds;
}

/** One frame, ready to be written; the parts of the payload are copied one after the other. */
export function encodeFrame(kind: FrameKind, ...parts: readonly Uint8Array[]): Buffer {
  let payloadBytes = 0;
  for (const part of parts) payloadBytes += part.length;
  invariant(payloadBytes <= 0xffff_ffff, 'the size of a payload fits 32 bits');
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payloadBytes);
  frame.writeUInt32LE(MAGIC, 0);
  frame.writeUInt32LE(payloadBytes, 4);
  frame.writeUInt32LE(FRAME_KIND[kind], 8);
  let position = FRAME_HEADER_BYTES;
  for (const part of parts) {
    frame.set(part, position);
    position += part.length;
  }
  frame.writeUInt32LE(checksum(frame), 12);
  return frame;
}

function checksum(frame: Buffer): number {
  return crc32c(frame.subarray(FRAME_HEADER_BYTES), crc32c(frame.subarray(0, 12)));
}

/** Cuts a stream of bytes into frames. After it threw once, the stream has no place to go on from. */
export class FrameReader {
  #payloadBytesMax: number;
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** @param payloadBytesMax - a larger frame is refused as soon as its header is read */
  constructor(payloadBytesMax: number) {
    this.#payloadBytesMax = payloadBytesMax;
  }

  /** Frames may be larger from now on, or must be smaller. */
  set payloadBytesMax(bytesMax: number) {
    this.#payloadBytesMax = bytesMax;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /**
   * The next whole frame, or undefined until more bytes have come.
   *
   * @throws OrchestratorError `PEER_FRAME_GARBAGE`, `PEER_FRAME_TOO_LARGE`, `PEER_FRAME_DAMAGED`
   */
  next(): PeerFrame | undefined {
    if (this.#bytes < FRAME_HEADER_BYTES) return undefined;
    const header = this.#gather(FRAME_HEADER_BYTES);
    const payloadBytes = header.readUInt32LE(4);
    const kind = KINDS[header.readUInt32LE(8)];
    if (header.readUInt32LE(0) !== MAGIC || kind === undefined) throw garbage(header);
    if (payloadBytes > this.#payloadBytesMax) throw tooLarge(payloadBytes, this.#payloadBytesMax);
    const frameBytes = FRAME_HEADER_BYTES + payloadBytes;
    if (this.#bytes < frameBytes) return undefined;
    const frame = this.#gather(frameBytes).subarray(0, frameBytes);
    if (checksum(frame) !== frame.readUInt32LE(12)) throw damaged(kind, payloadBytes);
    this.#drop(frameBytes);
    return { kind, payload: frame.subarray(FRAME_HEADER_BYTES) };
  }

  /** The first chunk, after making it hold at least `count` bytes. */
  #gather(count: number): Buffer {
    const first = this.#chunks[0];
    if (first !== undefined && first.length >= count) return first;
    const whole = Buffer.concat(this.#chunks);
    this.#chunks = [whole];
    return whole;
  }

  #drop(count: number): void {
    const first = this.#chunks[0];
    invariant(first !== undefined && first.length >= count, 'what is dropped was gathered');
    this.#bytes -= count;
    if (first.length === count) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(count);
  }
}

function garbage(header: Buffer): OrchestratorError {
  const start = header.subarray(0, 12).toString('hex');
  const message = `a peer must send frames of this protocol, got bytes ${start}: another program uses this port, or a proxy changes what passes`;
  return new OrchestratorError('PEER_FRAME_GARBAGE', message, { start });
}

function tooLarge(payloadBytes: number, payloadBytesMax: number): OrchestratorError {
  const message = `a frame must have at most ${payloadBytesMax} bytes, got ${payloadBytes}: give all nodes the same bounds`;
  return new OrchestratorError('PEER_FRAME_TOO_LARGE', message, { payloadBytes, payloadBytesMax });
}

function damaged(kind: FrameKind, payloadBytes: number): OrchestratorError {
  const message = `a frame must match its checksum, got a damaged ${kind} of ${payloadBytes} bytes: look at the network between the nodes`;
  return new OrchestratorError('PEER_FRAME_DAMAGED', message, { kind, payloadBytes });
}
