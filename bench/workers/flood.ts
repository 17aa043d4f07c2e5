/**
 * Submits as fast as it is told to, whatever the server says: `node flood.ts URL CONNECTIONS`.
 *
 * The frames are made once, masks and all, and written to the sockets as they are: making load must cost
 * less than taking it. What a server does not read stays unsent past a bound, and is counted as held back.
 */
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { packMessage, unpackMessage } from '../../dist/contract/index.js';

export interface FloodOrder {
  /** `closed` keeps `inFlight` frames under way on each connection; `open` sends `rate` tasks a second. */
  readonly kind: 'closed' | 'open';
  readonly seconds: number;
  readonly batch: number;
  readonly inFlight: number;
  readonly rate: number;
  /** Shares of the priorities 0 to 9 in what is sent. */
  readonly weights: readonly number[];
}

export interface FloodFigures {
  readonly seconds: number;
  /** Tasks by priority. */
  readonly offered: number[];
  readonly taken: number[];
  readonly refused: number[];
  readonly heldBack: number[];
  readonly cpuMicros: number;
}

/** Unsent bytes of a connection past which nothing more is put on it. */
const UNSENT_BYTES_MAX = 1024 * 1024;
const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
const filler = JSON.stringify({ filler: 'x'.repeat(243) });

const [url = '', connections = '4'] = process.argv.slice(2);
const address = `${url.replace('http', 'ws')}/clients/connect`;

interface Link {
  readonly socket: Socket;
  underWay: number;
}

let figures: FloodFigures = empty();
let onAnswer: (link: Link) => void = () => undefined;
let batch = 1;
const links = await Promise.all(Array.from({ length: Number(connections) }, connect));

async function connect(): Promise<Link> {
  const ws = new WebSocket(address, { perMessageDeflate: false });
  await new Promise((resolve, reject) => {
    ws.once('open', resolve);
    ws.once('error', reject);
  });
  // The TCP connection below: only it takes frames that are made already.
  const link: Link = { socket: (ws as unknown as { _socket: Socket })._socket, underWay: 0 };
  ws.on('message', (data: Buffer) => {
    for (const frame of unpackMessage(data)) {
      const priority = frame[1] as number;
      if (frame[0] === 'submitted') add(figures.taken, priority);
      else if (frame[0] === 'refused') add(figures.refused, priority);
      else continue;
      link.underWay -= 1;
      onAnswer(link);
    }
  });
  return link;
}

/** A WebSocket frame with a submit of priority `priority`, which is also the number of its request. */
function frameOf(priority: number, tasks: number): Buffer {
  const spec = { type: 'bench.noop', priority };
  const payloads = new Array<string>(tasks).fill(filler);
  const body = packMessage([['submit', priority, [spec], null, payloads, null, false]]);
  const head = Buffer.alloc(14);
  head[0] = 0x82;
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(body.byteLength), 2);
  MASK.copy(head, 10);
  const masked = Buffer.from(body);
  for (let i = 0; i < masked.length; i++)
    masked[i] = (masked[i] as number) ^ (MASK[i & 3] as number);
  return Buffer.concat([head, masked]);
}

function empty(): FloodFigures {
  const zeros = (): number[] => new Array<number>(10).fill(0);
  return {
    seconds: 0,
    offered: zeros(),
    taken: zeros(),
    refused: zeros(),
    heldBack: zeros(),
    cpuMicros: 0,
  };
}

function add(counts: number[], priority: number): void {
  counts[priority] = (counts[priority] as number) + batch;
}

/** The priorities in turn, each as often as its weight says. */
function* inTurn(weights: readonly number[]): Generator<number> {
  const total = weights.reduce((a, b) => a + b, 0);
  const due = weights.map(() => 0);
  for (;;) {
    let next = 0;
    for (const [priority, weight] of weights.entries()) {
      due[priority] = (due[priority] as number) + weight / total;
      if ((due[priority] as number) > (due[next] as number)) next = priority;
    }
    due[next] = (due[next] as number) - 1;
    yield next;
  }
}

async function flood(order: FloodOrder): Promise<FloodFigures> {
  batch = order.batch;
  figures = empty();
  const frames = order.weights.map((_, priority) => frameOf(priority, order.batch));
  const priorities = inTurn(order.weights);
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const endMs = startMs + order.seconds * 1000;
  const send = (link: Link): void => {
    const priority = priorities.next().value as number;
    add(figures.offered, priority);
    if (order.kind === 'open' && link.socket.writableLength > UNSENT_BYTES_MAX) {
      add(figures.heldBack, priority);
      return;
    }
    link.underWay += 1;
    link.socket.write(frames[priority] as Buffer);
  };
  if (order.kind === 'closed') {
    onAnswer = (link) => {
      if (performance.now() < endMs) send(link);
    };
    for (const link of links) for (let i = 0; i < order.inFlight; i++) send(link);
    await sleep(endMs - performance.now());
  } else {
    onAnswer = () => undefined;
    let sent = 0;
    while (performance.now() < endMs) {
      const due = ((performance.now() - startMs) / 1000) * order.rate;
      for (; sent + order.batch <= due; sent += order.batch) {
        send(links[(sent / order.batch) % links.length] as Link);
      }
      await sleep(2);
    }
  }
  const { system, user } = process.cpuUsage(cpu);
  return {
    ...structuredClone(figures),
    seconds: (performance.now() - startMs) / 1000,
    cpuMicros: system + user,
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

process.on('message', (order: FloodOrder | 'ready') => {
  if (order === 'ready') process.send?.('ready');
  else void flood(order).then((answer) => process.send?.(answer));
});
process.on('SIGTERM', () => process.exit(0));
