/**
 * Many agents over few connections: `node fleet.ts URL CONNECTIONS AGENTS HEARTBEAT_MS WORK_MS`. What it is
 * handed it reports as done `WORK_MS` later; every agent beats by itself, those of a connection together.
 */
import { WebSocket } from 'ws';
import { packMessages, unpackMessage, type RawFrame } from '../../dist/contract/index.js';
import { quantile } from '../harness/statistics.ts';

export type FleetOrder =
  /** Connects and registers everybody; beats from then on. */
  | 'register'
  /** Cuts the first connection of every hundred, without a goodbye. */
  | 'kill'
  /** Forgets the latencies so far. */
  | 'reset'
  | 'figures'
  /** The latencies with the figures. Sorts them all, which holds everybody up: not while tasks run. */
  | 'latencies';

/** From when a task was due to its start, in milliseconds. */
export interface Latencies {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface FleetFigures {
  readonly registerMs: number;
  readonly beats: number;
  readonly started: number;
  /** Before the cut and in all; null where they were not asked for. */
  readonly latencies: { readonly steady: Latencies; readonly all: Latencies } | null;
  /** Tasks that the server had given to what was cut and got no report of, and those that do not run elsewhere yet. */
  readonly orphans: number;
  readonly orphansLeft: number;
  /** From the cut until the last of them ran elsewhere, so far. */
  readonly orphansMs: number;
  readonly cpuMicros: number;
}

const [url = '', connections = '100', agents = '1000000', heartbeat = '60000', work = '200'] =
  process.argv.slice(2);
const CONNECTIONS = Number(connections);
const PER_CONNECTION = Math.floor(Number(agents) / CONNECTIONS);
/** Agents beat well before they would count as lost. */
const BEAT_MS = Number(heartbeat) / 2;
const BEATS_PER_ROUND = 30;
const ENROLL_MAX = 10_000;
const AGENT_PREFIX = 'agent-';
const address = `${url.replace('http', 'ws')}/agents/connect`;
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

let latencies: number[] = [];
/** How many of them are from before the cut. */
let steadyCount = 0;
let started = 0;
let beats = 0;
let registerMs = 0;
let cutMs = 0;
let orphansMs = 0;
/** Known from the server, and by their second attempts. */
const orphans = new Set<string>();
const ranAgain = new Set<string>();

/** What was on its way when connections were cut has come by then. */
const CUT_SETTLE_MS = 500;

interface RunningTasks {
  readonly items: readonly { readonly id: string; readonly agentId?: string }[];
  readonly nextCursor: string | null;
}

class Gateway {
  readonly #number: number;
  readonly #socket: WebSocket;
  readonly #enrolled = Promise.withResolvers<void>();
  #sequence = 0;
  #round = 0;
  #enrolledCount = 0;
  #isCut = false;

  constructor(number: number) {
    this.#number = number;
    this.#socket = new WebSocket(address, { perMessageDeflate: false });
    this.#socket.on('open', () => this.#hello());
    this.#socket.on('message', (data: Buffer) => {
      for (const frame of unpackMessage(data)) this.#take(frame);
    });
    this.#socket.on('close', (code, reason) => {
      if (!this.#isCut) console.error(`connection ${number} closed: ${code} ${reason.toString()}`);
    });
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  get enrolled(): Promise<void> {
    return this.#enrolled.promise;
  }

  /** Says that a share of its agents is there. */
  beat(): void {
    const from = Math.floor((PER_CONNECTION * this.#round) / BEATS_PER_ROUND);
    this.#round = (this.#round + 1) % BEATS_PER_ROUND;
    const to =
      this.#round === 0
        ? PER_CONNECTION
        : Math.floor((PER_CONNECTION * this.#round) / BEATS_PER_ROUND);
    if (this.#isCut || to === from || this.#enrolledCount < to) return;
    beats += to - from;
    this.#say(['beat', Array.from({ length: to - from }, (_, i) => from + i)]);
  }

  cut(): void {
    this.#isCut = true;
    this.#socket.terminate();
  }

  #hello(): void {
    const incarnation = `fleet-${process.pid}`;
    const first = { id: this.#idOf(0), ...specOf(0) };
    this.#say(['hello', { version: 1, incarnation, agents: [first], held: [], presence: 'agent' }]);
    for (let from = 1; from < PER_CONNECTION; from += ENROLL_MAX) {
      const count = Math.min(ENROLL_MAX, PER_CONNECTION - from);
      const ids = Array.from({ length: count }, (_, i) => this.#idOf(from + i));
      const specs = Array.from({ length: ZONES }, (_, zone) => specOf(zone));
      this.#say(['enroll', from, specs, ids, ids.map((_, i) => (from + i) % ZONES)]);
    }
    if (PER_CONNECTION === 1) this.#enrolled.resolve();
  }

  #idOf(agent: number): string {
    return `${AGENT_PREFIX}${this.#number * PER_CONNECTION + agent}`;
  }

  #take(frame: RawFrame): void {
    if (this.#isCut) return;
    if (frame[0] === 'enrolled') {
      this.#enrolledCount = Math.min(PER_CONNECTION, (frame[1] as number) + ENROLL_MAX);
      if ((frame[1] as number) + ENROLL_MAX >= PER_CONNECTION) this.#enrolled.resolve();
    } else if (frame[0] === 'leases') {
      const [, , , taskIds, tokens, attempts, , payloads] = frame as readonly unknown[];
      const again = attempts as readonly number[];
      noteStarts(taskIds as string[], again, payloads as string[]);
      this.#run(taskIds as string[], tokens as number[]);
    } else if (frame[0] === 'problem') console.error(JSON.stringify(frame[1]));
  }

  #run(taskIds: readonly string[], tokens: readonly number[]): void {
    setTimeout(() => {
      if (this.#isCut) return;
      this.#sequence += 1;
      this.#say(['report', this.#sequence, taskIds, tokens, taskIds.map(() => 'null'), []]);
    }, Number(work));
  }

  #say(frame: RawFrame): void {
    for (const message of packMessages([frame])) this.#socket.send(message);
  }
}

function noteStarts(
  taskIds: readonly string[],
  attempts: readonly number[],
  payloads: readonly string[],
): void {
  const atMs = nowMs();
  for (const [i, id] of taskIds.entries()) {
    // Nothing fails here: a second attempt is that of a task whose first one was cut off.
    if (cutMs > 0 && (attempts[i] as number) > 1) {
      orphans.delete(id);
      ranAgain.add(id);
      orphansMs = Math.max(orphansMs, atMs - cutMs);
      continue;
    }
    const { due } = JSON.parse(payloads[i] as string) as { readonly due?: number };
    if (due !== undefined) latencies.push(atMs - due);
    started += 1;
  }
}

const ZONES = 3;

function specOf(agent: number): Record<string, unknown> {
  const labels = { zone: `zone-${agent % ZONES}` };
  return { capabilities: ['bench.noop'], labels, slots: 1, heartbeatMs: Number(heartbeat) };
}

const gateways: Gateway[] = [];

async function register(): Promise<void> {
  const startMs = nowMs();
  for (let number = 0; number < CONNECTIONS; number++) gateways.push(new Gateway(number));
  // The connections one after another, so that beats come evenly.
  let next = 0;
  const periodMs = BEAT_MS / BEATS_PER_ROUND / CONNECTIONS;
  setInterval(() => {
    // A late timer is no reason to beat less.
    const due = (nowMs() - startMs) / periodMs;
    for (; next < due; next++) gateways[next % CONNECTIONS]?.beat();
  }, periodMs);
  await Promise.all(gateways.map((gateway) => gateway.enrolled));
  registerMs = nowMs() - startMs;
}

function quantiles(of: readonly number[]): Latencies {
  const sorted = Float64Array.from(of).sort();
  return {
    p50: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
    max: sorted.at(-1) ?? Number.NaN,
  };
}

function figures(withLatencies = false): FleetFigures {
  const { system, user } = process.cpuUsage();
  return {
    registerMs,
    beats,
    started,
    latencies: withLatencies
      ? { steady: quantiles(latencies.slice(0, steadyCount)), all: quantiles(latencies) }
      : null,
    orphans: orphans.size + ranAgain.size,
    orphansLeft: orphans.size,
    orphansMs,
    cpuMicros: system + user,
  };
}

async function take(order: FleetOrder): Promise<FleetFigures> {
  if (order === 'register') await register();
  else if (order === 'reset') latencies = [];
  else if (order === 'kill') {
    cutMs = nowMs();
    steadyCount = latencies.length;
    for (let number = 0; number < CONNECTIONS; number += 100) gateways[number]?.cut();
    await findOrphans();
  }
  return figures(order === 'latencies');
}

/** Asks the server what runs on the agents that were cut off: leases may have been in a socket, or in its buffers. */
async function findOrphans(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, CUT_SETTLE_MS));
  let cursor: string | null = '';
  while (cursor !== null) {
    const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await fetch(`${url}/api/v1/tasks?state=running&limit=1000${after}`);
    if (!answer.ok) throw new Error(`tasks could not be listed: ${await answer.text()}`);
    const page = (await answer.json()) as RunningTasks;
    for (const { agentId, id } of page.items) {
      const number = Number(agentId?.slice(AGENT_PREFIX.length));
      const gateway = gateways[Math.floor(number / PER_CONNECTION)];
      if ((gateway?.isCut ?? false) && !ranAgain.has(id)) orphans.add(id);
    }
    cursor = page.nextCursor;
  }
}

process.on('message', (order: FleetOrder) => {
  void take(order).then((answer) => process.send?.(answer));
});
