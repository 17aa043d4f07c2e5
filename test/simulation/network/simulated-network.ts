/**
 * A network between endpoints 0 … n − 1 that delays, loses, doubles, damages, repeats and holds back frames.
 *
 * Every directed link has its faults; partitions come on top. A frame that is under way when its link is cut is lost.
 */
import type { Chance } from '../kernel/chance.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { HEALTHY_LINK, type LinkFaults } from './link-faults.ts';
import type { Partition } from './partition.ts';

const REMEMBERED_FRAMES = 8;

interface Link<Frame> {
  faults: LinkFaults;
  cuts: number;
  underWay: number;
  cloggedUntilUs: number;
  lastArrivalUs: number;
  readonly remembered: Frame[];
}

export interface NetworkCounts {
  sent: number;
  delivered: number;
  lost: number;
  damaged: number;
  replayed: number;
}

export class SimulatedNetwork<Frame> {
  readonly counts: NetworkCounts = { sent: 0, delivered: 0, lost: 0, damaged: 0, replayed: 0 };
  readonly size: number;
  readonly #simulation: Simulation;
  readonly #chance: Chance;
  readonly #links: Link<Frame>[];
  readonly #deliver: (from: number, to: number, frame: Frame) => void;

  constructor(
    simulation: Simulation,
    size: number,
    deliver: (from: number, to: number, frame: Frame) => void,
  ) {
    this.size = size;
    this.#simulation = simulation;
    this.#chance = simulation.chance.fork('network');
    this.#deliver = deliver;
    this.#links = Array.from({ length: size * size }, () => ({
      faults: HEALTHY_LINK,
      cuts: 0,
      underWay: 0,
      cloggedUntilUs: 0,
      lastArrivalUs: 0,
      remembered: [],
    }));
  }

  /** Sets the faults of every link, `draw` being asked for each. */
  setFaults(draw: (from: number, to: number) => LinkFaults): void {
    for (const [position, link] of this.#links.entries()) {
      link.faults = draw(Math.floor(position / this.size), position % this.size);
    }
  }

  /** Ends all faults and partitions; what was lost stays lost, and no clogged frame is held any longer. */
  heal(): void {
    for (const link of this.#links) {
      link.faults = HEALTHY_LINK;
      link.cuts = 0;
      link.cloggedUntilUs = 0;
      link.lastArrivalUs = 0;
      link.remembered.length = 0;
    }
  }

  cut(partition: Partition): void {
    for (const position of partition.cut) this.#link(position).cuts += 1;
  }

  mend(partition: Partition): void {
    for (const position of partition.cut) {
      const link = this.#link(position);
      link.cuts = Math.max(0, link.cuts - 1);
    }
  }

  isCut(from: number, to: number): boolean {
    return this.#link(from * this.size + to).cuts > 0;
  }

  /** Sends a frame; false where the link had no room or is cut, which a sender may or may not notice. */
  send(from: number, to: number, frame: Frame): boolean {
    const link = this.#link(from * this.size + to);
    const { faults } = link;
    this.counts.sent += 1;
    if (
      link.cuts > 0 ||
      link.underWay >= faults.framesMax ||
      this.#chance.happens(faults.lossRate)
    ) {
      this.counts.lost += 1;
      return link.cuts === 0;
    }
    if (this.#chance.happens(faults.clogRate)) {
      link.cloggedUntilUs = this.#simulation.nowUs + this.#chance.exponential(faults.clogMeanUs);
    }
    const arriving = this.#damage(frame, faults);
    if (arriving !== undefined) this.#carry(link, from, to, arriving);
    if (this.#chance.happens(faults.duplicateRate)) this.#carry(link, from, to, frame);
    if (faults.replayRate > 0) this.#replay(link, from, to, frame);
    return true;
  }

  #replay(link: Link<Frame>, from: number, to: number, frame: Frame): void {
    if (this.#chance.happens(link.faults.replayRate) && link.remembered.length > 0) {
      this.counts.replayed += 1;
      this.#carry(link, from, to, this.#chance.pick(link.remembered));
    }
    if (link.remembered.length < REMEMBERED_FRAMES) link.remembered.push(frame);
    else if (this.#chance.happens(0.1))
      link.remembered[this.#chance.below(REMEMBERED_FRAMES)] = frame;
  }

  /** Frames that are not bytes cannot be damaged: then the fault is a loss, which is what a checksum makes of it. */
  #damage(frame: Frame, faults: LinkFaults): Frame | undefined {
    const isFlipped = this.#chance.happens(faults.corruptRate);
    if (!isFlipped && !this.#chance.happens(faults.truncateRate)) return frame;
    this.counts.damaged += 1;
    if (!(frame instanceof Uint8Array) || frame.length === 0) return undefined;
    if (!isFlipped) return frame.slice(0, this.#chance.below(frame.length)) as Frame;
    const damaged = Uint8Array.from(frame);
    const position = this.#chance.below(frame.length);
    damaged[position] = (damaged[position] ?? 0) ^ (1 << this.#chance.below(8));
    return damaged as Frame;
  }

  #carry(link: Link<Frame>, from: number, to: number, frame: Frame): void {
    const { faults } = link;
    const { nowUs } = this.#simulation;
    let arrivalUs = nowUs + faults.delayMinUs + this.#chance.exponential(faults.delayMeanUs);
    arrivalUs = Math.max(arrivalUs, link.cloggedUntilUs);
    if (faults.keepsOrder) arrivalUs = Math.max(arrivalUs, link.lastArrivalUs);
    link.lastArrivalUs = arrivalUs;
    link.underWay += 1;
    this.#simulation.after(arrivalUs - nowUs, () => {
      link.underWay -= 1;
      if (link.cuts > 0) {
        this.counts.lost += 1;
        return;
      }
      this.counts.delivered += 1;
      this.#deliver(from, to, frame);
    });
  }

  #link(position: number): Link<Frame> {
    const link = this.#links[position];
    if (link === undefined) throw new RangeError('a link joins two endpoints of the network');
    return link;
  }
}
