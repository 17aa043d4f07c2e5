/**
 * The one thread that writes to the store's file.
 *
 * It blocks on disks and locks so that the main thread never does. Blocks that have piled up are
 * written in one transaction, a checkpoint's all together. While the disk is full it keeps what it has
 * and tries again; the main thread sees a writer that is behind.
 */
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { messageOf } from '../base/errors.ts';
import { unreachable } from '../base/invariant.ts';
import { OPERATION, readBlock, type EntryHandler } from './block.ts';
import { HistoryWriter } from './history-writer.ts';
import { stepBack } from './step-back.ts';
import { openTables, tableOf } from './tables.ts';
import {
  SENT,
  TAKEN,
  type PurgeBounds,
  type WriterData,
  type WriterReply,
  type WriterRequest,
} from './writer-protocol.ts';

/** Bytes of blocks that one transaction takes, checkpoints aside. */
const GROUP_BYTES_MAX = 8 * 1_024 * 1_024;
/** Longest sleep before another look at the port, in milliseconds; a wake-up ends it sooner. */
const WAIT_MS = 1_000;
/** Pause before a full disk is tried again, in milliseconds. */
const FULL_PAUSE_MS = 500;
/** Keys removed from a range at a time. */
const RANGE_KEYS_MAX = 10_000;

stepBack();
const { directory, port, counters } = workerData as WriterData;
const tables = openTables(directory);
const history = new HistoryWriter(tables);
/** Nobody wakes it: a place to sleep. */
const pause = new Int32Array(new SharedArrayBuffer(4));
/** Requests taken from the port and not handled yet, oldest first. */
const waiting: WriterRequest[] = [];
let broken = false;

port.on('message', (request: WriterRequest) => {
  count();
  waiting.push(request);
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) handle(next);
});
reply({ type: 'ready', totals: history.totals });

function reply(message: WriterReply): void {
  port.postMessage(message);
}

function count(): void {
  Atomics.add(counters, TAKEN, 1);
}

function receive(): WriterRequest | null {
  return waiting.shift() ?? receiveFromPort();
}

function receiveFromPort(): WriterRequest | null {
  const received: { message: WriterRequest } | undefined = receiveMessageOnPort(port);
  if (received === undefined) return null;
  count();
  return received.message;
}

function handle(request: WriterRequest): void {
  if (broken && request.type !== 'close') return;
  switch (request.type) {
    case 'block':
      return attempt(() => writeGroup(request));
    case 'begin':
      return attempt(writeCheckpoint);
    case 'commit':
      return reply({ type: 'committed', number: request.number, totals: history.totals });
    case 'abort':
      return;
    case 'pin':
      for (const id of request.ids) pinned.add(id);
      return;
    case 'purge':
      return purge(request);
    case 'close':
      return close();
    default:
      return unreachable(request);
  }
}

/** A write that fails ends all writing: what comes after it would rest on what is missing. */
function attempt(write: () => void): void {
  try {
    write();
  } catch (error) {
    broken = true;
    reply({ type: 'failed', error: error instanceof Error ? error : new Error(String(error)) });
  }
}

type BlockRequest = Extract<WriterRequest, { type: 'block' }>;

function writeGroup(first: BlockRequest): void {
  const blocks = [first.block];
  let last = first;
  let bytes = first.block.length;
  while (bytes < GROUP_BYTES_MAX) {
    const request = receive();
    if (request === null) break;
    if (request.type !== 'block') {
      waiting.unshift(request);
      break;
    }
    last = request;
    blocks.push(request.block);
    bytes += request.block.length;
  }
  writeAll(blocks);
  free(blocks);
  reply({ type: 'committed', number: last.number, totals: history.totals });
}

function writeCheckpoint(): void {
  // All of it is kept until it is on disk: a full disk means writing it again.
  const blocks: Uint8Array[] = [];
  const others: WriterRequest[] = [];
  let end: WriterRequest | null = null;
  while (end === null) {
    const request = receive() ?? waitForMore();
    if (request?.type === 'block') blocks.push(request.block);
    else if (request?.type === 'commit' || request?.type === 'abort') end = request;
    else if (request !== null) others.push(request);
  }
  waiting.unshift(...others);
  if (end.type !== 'commit') return;
  writeAll(blocks);
  free(blocks);
  reply({ type: 'committed', number: end.number, totals: history.totals });
}

/**
 * Gives back the memory of blocks that are on disk. This thread makes so few objects that it hardly ever
 * collects: a checkpoint's hundred megabytes stayed for minutes.
 */
function free(blocks: readonly Uint8Array[]): void {
  for (const { buffer } of blocks) (buffer as ArrayBuffer).transfer(0);
}

/** Writes blocks in one transaction; while the disk is full, again and again. */
function writeAll(blocks: readonly Uint8Array[]): void {
  for (let tries = 1; ; tries++) {
    try {
      tables.root.transactionSync(() => {
        for (const block of blocks) write(block);
        history.saveTotals();
      });
      if (tries > 1) reply({ type: 'resumed' });
      return;
    } catch (error) {
      history.reload();
      if (!isDiskFull(error) || isClosing()) throw error;
      if (tries === 1) reply({ type: 'stalled', message: messageOf(error) });
      Atomics.wait(pause, 0, 0, FULL_PAUSE_MS);
    }
  }
}

function isDiskFull(error: unknown): boolean {
  return /no space left|quota exceeded|ENOSPC|EDQUOT/i.test(messageOf(error));
}

/** Whether the main thread asks for the end: then there is no waiting for space. */
function isClosing(): boolean {
  for (let request = receiveFromPort(); request !== null; request = receiveFromPort()) {
    waiting.push(request);
  }
  return waiting.some((request) => request.type === 'close');
}

/** Sleeps until the main thread has sent something more. */
function waitForMore(): WriterRequest | null {
  const sent = Atomics.load(counters, SENT);
  const request = receive();
  if (request === null) Atomics.wait(counters, SENT, sent, WAIT_MS);
  return request;
}

function write(block: Uint8Array): void {
  readBlock(Buffer.from(block.buffer, block.byteOffset, block.length), writeEntry);
}

function writeEntry(...[operation, number, key, value]: Parameters<EntryHandler>): void {
  const table = tableOf(tables, number);
  switch (operation) {
    case OPERATION.put:
      table.putSync(key, value);
      return;
    case OPERATION.remove:
      table.removeSync(key);
      return;
    case OPERATION.removeBelow: {
      for (;;) {
        const keys = [...table.getKeys({ end: key, limit: RANGE_KEYS_MAX })];
        for (const below of keys) table.removeSync(below);
        if (keys.length < RANGE_KEYS_MAX) return;
      }
    }
    case OPERATION.removePrefix: {
      const end = Buffer.concat([key, Buffer.alloc(8, 0xff)]);
      for (;;) {
        const keys = [...table.getKeys({ start: key, end, limit: RANGE_KEYS_MAX })];
        for (const each of keys) table.removeSync(each);
        if (keys.length < RANGE_KEYS_MAX) return;
      }
    }
    case OPERATION.finish:
      history.put(key, value);
      return;
    default:
      return unreachable(operation);
  }
}

/** What the next purge leaves. */
let pinned = new Set<string>();

/** Removes in short transactions, so that blocks are written in between. */
function purge(bounds: PurgeBounds): void {
  let start: Buffer | null = Buffer.of(0);
  let removed = 0;
  const kept = pinned;
  pinned = new Set();
  const step = (): void => {
    attempt(() => {
      tables.root.transactionSync(() => {
        const done = history.purgeSome(start as Buffer, bounds, kept);
        start = done.next;
        removed += done.removed;
        history.saveTotals();
      });
      if (start !== null) setImmediate(step);
      else reply({ type: 'purged', removed, totals: history.totals });
    });
  };
  step();
}

function close(): void {
  void tables.root.close().then(() => {
    reply({ type: 'closed' });
    port.close();
  });
}
