/**
 * The one thread that writes to the store's file.
 *
 * It blocks on disks and locks so that the main thread never does. Blocks that have piled up are
 * written in one transaction; a checkpoint's transaction stays open until its last block came.
 */
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { ABORT } from 'lmdb';
import { unreachable } from '../base/invariant.ts';
import { OPERATION, readBlock, type EntryHandler } from './block.ts';
import { HistoryWriter } from './history-writer.ts';
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
/** Keys removed from a range at a time. */
const RANGE_KEYS_MAX = 10_000;

const { directory, port, counters } = workerData as WriterData;
const tables = openTables(directory);
const history = new HistoryWriter(tables);
/** Requests that came while a checkpoint's transaction was open and are no part of it. */
const postponed: WriterRequest[] = [];
let broken = false;

port.on('message', (request: WriterRequest) => {
  count();
  handle(request);
  for (let next = postponed.shift(); next !== undefined; next = postponed.shift()) handle(next);
});
reply({ type: 'ready', totals: history.totals });

function reply(message: WriterReply): void {
  port.postMessage(message);
}

function count(): void {
  Atomics.add(counters, TAKEN, 1);
}

function receive(): WriterRequest | null {
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
  let last = first;
  let bytes = 0;
  tables.root.transactionSync(() => {
    for (let request: WriterRequest | null = first; request !== null; request = receive()) {
      if (request.type !== 'block') {
        postponed.push(request);
        break;
      }
      last = request;
      write(request.block);
      bytes += request.block.length;
      if (bytes >= GROUP_BYTES_MAX) break;
    }
    history.saveTotals();
  });
  reply({ type: 'committed', number: last.number, totals: history.totals });
}

function writeCheckpoint(): void {
  let number = -1;
  tables.root.transactionSync(() => {
    for (;;) {
      const request = receive() ?? waitForMore();
      if (request === null) continue;
      if (request.type === 'abort') return ABORT;
      if (request.type === 'block') write(request.block);
      else if (request.type !== 'commit') postponed.push(request);
      else {
        number = request.number;
        history.saveTotals();
        return undefined;
      }
    }
  });
  if (number < 0) history.reload();
  else reply({ type: 'committed', number, totals: history.totals });
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
    case OPERATION.finish:
      history.put(key, value);
      return;
    default:
      return unreachable(operation);
  }
}

/** Removes in short transactions, so that blocks are written in between. */
function purge(bounds: PurgeBounds): void {
  let start: Buffer | null = Buffer.of(0);
  let removed = 0;
  const step = (): void => {
    attempt(() => {
      tables.root.transactionSync(() => {
        const done = history.purgeSome(start as Buffer, bounds);
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
