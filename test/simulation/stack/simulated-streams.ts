/**
 * Connections between processes as TCP makes them: bytes come whole, once and in order, or the connection breaks.
 *
 * What a network does to packets shows as time: a cut link delivers nothing until it is mended, then everything; a lost
 * packet comes a resend later. Beyond that connections are reset, and rarely a damaged byte passes TCP's checksum.
 */
import type { PeerListener, PeerNetwork } from '../../../src/log/raft/transport/peer-network.ts';
import type { Chance } from '../kernel/chance.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { HEALTHY_LINK, type LinkFaults } from '../network/link-faults.ts';
import type { Partition } from '../network/partition.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { SimulatedSocket, type Carrier } from './simulated-socket.ts';

const FIRST_PORT = 7_000;
const RESEND_US = 100_000;

interface Link {
  faults: LinkFaults;
  cuts: number;
  cloggedUntilUs: number;
}

interface Listening {
  readonly process: SimulatedProcess;
  readonly onSocket: (socket: SimulatedSocket) => void;
}

/** Part of what is on its way in one direction of one connection. */
interface Parcel {
  readonly dueUs: number;
  readonly arrive: () => void;
}

export class SimulatedStreams implements Carrier {
  readonly size: number;
  resetRate = 0;
  readonly #simulation: Simulation;
  readonly #chance: Chance;
  readonly #links: Link[];
  readonly #listening = new Map<number, Listening>();
  readonly #streams = new WeakMap<SimulatedSocket, Parcel[]>();

  constructor(simulation: Simulation, size: number) {
    this.size = size;
    this.#simulation = simulation;
    this.#chance = simulation.chance.fork('streams');
    this.#links = Array.from({ length: size * size }, () => ({
      faults: HEALTHY_LINK,
      cuts: 0,
      cloggedUntilUs: 0,
    }));
  }

  addressOf(endpoint: number): string {
    return `127.0.0.1:${FIRST_PORT + endpoint}`;
  }

  /** The network as one process sees it. */
  networkOf(process: SimulatedProcess): PeerNetwork {
    return {
      isSecure: false,
      connect: ({ port }) => this.#connect(process, port - FIRST_PORT),
      listen: (_address, onSocket) => Promise.resolve(this.#listen({ process, onSocket })),
    };
  }

  setFaults(draw: () => LinkFaults, resetRate: number): void {
    for (const link of this.#links) link.faults = draw();
    this.resetRate = resetRate;
  }

  heal(): void {
    for (const link of this.#links) {
      link.faults = HEALTHY_LINK;
      link.cuts = 0;
      link.cloggedUntilUs = 0;
    }
    this.resetRate = 0;
  }

  cut({ cut }: Partition): void {
    for (const position of cut) this.#at(position).cuts += 1;
  }

  mend({ cut }: Partition): void {
    for (const position of cut) {
      const link = this.#at(position);
      link.cuts = Math.max(0, link.cuts - 1);
    }
  }

  bytes(from: SimulatedSocket, chunk: Buffer): void {
    const link = this.#between(from, from.other);
    let arriving = chunk;
    if (this.#chance.happens(link.faults.corruptRate / 4)) arriving = this.#damaged(chunk);
    const isReset = this.#chance.happens(this.resetRate);
    this.#carry(from, () => {
      from.left(chunk.length);
      this.#simulation.note(
        10,
        from.process.endpoint * 64 + this.#endpointOf(from.other),
        chunk.length,
      );
      if (isReset) {
        from.lose('ECONNRESET');
        from.other?.lose('ECONNRESET');
      } else if (from.other?.isClosed !== false) from.lose('EPIPE');
      else this.#arrive(from.other, arriving);
    });
  }

  closing(from: SimulatedSocket, how: 'end' | 'reset'): void {
    // A machine that goes down says nothing: the other end notices when it next writes, or waits in vain.
    if (from.process.isDead && this.#chance.happens(0.5)) return;
    this.#carry(from, () => from.other?.lose(how === 'end' ? null : 'ECONNRESET'));
  }

  /** Streams have no borders: what was written at once may be read in two parts. */
  #arrive(to: SimulatedSocket, chunk: Buffer): void {
    const at = this.#chance.happens(0.1) ? this.#chance.below(chunk.length) : 0;
    if (at > 0) to.arrive(chunk.subarray(0, at));
    to.arrive(chunk.subarray(at));
  }

  #damaged(chunk: Buffer): Buffer {
    const damaged = Buffer.from(chunk);
    const position = this.#chance.below(chunk.length);
    damaged[position] = (damaged[position] ?? 0) ^ (1 << this.#chance.below(8));
    return damaged;
  }

  #connect(process: SimulatedProcess, endpoint: number): SimulatedSocket {
    const near = new SimulatedSocket(process, this);
    this.#carryBetween(near, process.endpoint, endpoint, () => {
      if (near.isClosed) return;
      const listening = this.#listening.get(endpoint);
      if (listening === undefined || listening.process.isDead) return near.lose('ECONNREFUSED');
      const far = new SimulatedSocket(listening.process, this);
      near.other = far;
      far.other = near;
      listening.process.run(() => listening.onSocket(far));
    });
    return near;
  }

  #listen(listening: Listening): PeerListener {
    const { endpoint } = listening.process;
    this.#listening.set(endpoint, listening);
    return {
      address: this.addressOf(endpoint),
      close: () => {
        if (this.#listening.get(endpoint) === listening) this.#listening.delete(endpoint);
        return Promise.resolve();
      },
    };
  }

  #carry(from: SimulatedSocket, arrive: () => void): void {
    this.#carryBetween(from, from.process.endpoint, this.#endpointOf(from.other), arrive);
  }

  /** In the order of the connection; a cut link is tried again and again. */
  #carryBetween(socket: SimulatedSocket, from: number, to: number, arrive: () => void): void {
    const link = this.#at(from * this.size + to);
    const { faults } = link;
    const { nowUs } = this.#simulation;
    const stream = this.#streams.get(socket) ?? [];
    this.#streams.set(socket, stream);
    if (this.#chance.happens(faults.clogRate)) {
      link.cloggedUntilUs = nowUs + this.#chance.exponential(faults.clogMeanUs);
    }
    let dueUs = nowUs + faults.delayMinUs + this.#chance.exponential(faults.delayMeanUs);
    if (this.#chance.happens(faults.lossRate)) dueUs += RESEND_US;
    stream.push({ dueUs: Math.max(dueUs, link.cloggedUntilUs), arrive });
    if (stream.length === 1) this.#simulation.after(dueUs - nowUs, () => this.#pump(stream, link));
  }

  #pump(stream: Parcel[], link: Link): void {
    const { nowUs } = this.#simulation;
    const [first] = stream;
    if (first === undefined) return;
    const waitUs = link.cuts > 0 ? RESEND_US : first.dueUs - nowUs;
    if (waitUs > 0) return this.#simulation.after(waitUs, () => this.#pump(stream, link));
    stream.shift();
    first.arrive();
    const [next] = stream;
    if (next === undefined) return;
    this.#simulation.after(Math.max(0, next.dueUs - nowUs), () => this.#pump(stream, link));
  }

  #endpointOf(socket: SimulatedSocket | null): number {
    return socket?.process.endpoint ?? 0;
  }

  #between(from: SimulatedSocket, to: SimulatedSocket | null): Link {
    return this.#at(from.process.endpoint * this.size + this.#endpointOf(to));
  }

  #at(position: number): Link {
    const link = this.#links[position];
    if (link === undefined) throw new RangeError('a link joins two endpoints of the network');
    return link;
  }
}
