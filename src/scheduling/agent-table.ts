/**
 * What the scheduler knows of each agent, as one record of numbers under a dense index.
 *
 * What a placement reads and writes of an agent lies together, two records to a cache line: at
 * 100,000 agents the memory misses of a column for each field cost more than all the rest. What only
 * changes with pools is apart from it. Indices are reused after removal; tables double when they are
 * full. 50 to 70 bytes an agent here, with the index of ids.
 */
import { int32Column } from '../base/columns.ts';
import { ChunkedList } from '../base/chunked-list.ts';
import { grown, grownCapacity } from '../base/grown.ts';
import { IdIndex } from '../base/id-index.ts';
import { invariant } from '../base/invariant.ts';
import { NumberList } from '../base/number-list.ts';
import {
  slotsUsed,
  trustFactor,
  type Agent,
  type AgentId,
  type AgentState,
} from '../core/index.ts';

import { AgentTally, type AgentSums } from './agent-tally.ts';

/** Why an agent is or is not available, in the order in which the reasons are asked. */
export type Standing =
  'available' | 'lost' | 'killed' | 'draining' | 'breaker' | 'full' | 'noCredit' | 'asleep';

const READY = 0;
const STATE_CODES: Readonly<Record<AgentState, number>> = {
  ready: READY,
  draining: 1,
  lost: 2,
  killed: 3,
};
const CAPACITY_MIN = 64;
/** Least weight, for those of older logs: below about 1e-38 a float is 0, and nobody can be given his share of that. */
const WEIGHT_MIN: number = 2 ** -20;
/** Credit that no proposal uses up. */
const CREDIT_INFINITE = 0x7fff_ffff;

/** Fields of a record, four bytes each. The first: its slots, or less while its breaker is not closed. */
const ROOM = 0;
const IN_FLIGHT = 1;
const CREDIT = 2;
/** Bits: its state, two flags, and above them the credit that the batch at hand has lent. */
const STANDING = 3;
const FIRST_LINK = 4;
/** A float. */
const WEIGHT = 5;
/** Both halves of a double. */
const COST = 6;
const FIELDS = 8;

const STATE_MASK = 3;
const FLAG_AVAILABLE = 4;
const FLAG_AHEAD = 8;
const LENT_SHIFT = 4;
const LENT_ONE: number = 1 << LENT_SHIFT;

export class AgentTable {
  #records: Int32Array = new Int32Array(CAPACITY_MIN * FIELDS);
  /** The same bytes. */
  #floats: Float32Array = new Float32Array(this.#records.buffer);
  #doubles: Float64Array = new Float64Array(this.#records.buffer);
  /** Fields: the number of its offer, or -1, and its place in the list of that. */
  #offers: Int32Array = new Int32Array(CAPACITY_MIN * 2);
  #capacity = CAPACITY_MIN;
  readonly #tally = new AgentTally();
  readonly #agents = new ChunkedList<Agent | null>();
  readonly #indices: IdIndex<AgentId>;
  readonly #unused = new NumberList();

  /** @param seed - of the index of ids, see `IdIndex` */
  constructor(seed = 0) {
    this.#indices = new IdIndex((index) => this.agentAt(index).id, seed);
  }

  get size(): number {
    return this.#indices.size;
  }

  /** How many agents stand how. O(1). */
  sums(): AgentSums {
    return this.#tally.sums();
  }

  /** Makes room for so many agents in one step. */
  reserve(count: number): void {
    this.#indices.reserve(count);
    while (this.#capacity < count) this.#grow();
  }

  /** The index of a known agent, or -1. */
  indexOf(id: AgentId): number {
    return this.#indices.find(id);
  }

  /** The indices of all known agents. */
  *indices(): Iterable<number> {
    for (let index = 0; index < this.#agents.length; index++) {
      if (this.#agents.at(index) !== null) yield index;
    }
  }

  /** Core's own record of the agent. */
  agentAt(index: number): Agent {
    const agent = this.#agents.at(index);
    invariant(agent !== undefined && agent !== null, 'an index names a known agent');
    return agent;
  }

  /** Gives a new agent an index; it has no credit, offer or links yet. */
  add(agent: Agent): number {
    const index = this.#unused.pop() ?? this.#agents.length;
    if (index >= this.#capacity) this.#grow();
    if (index === this.#agents.length) this.#agents.push(agent);
    else this.#agents.set(index, agent);
    this.#indices.add(agent.id, index);
    this.setOffer(index, -1);
    this.#records.fill(0, index * FIELDS, (index + 1) * FIELDS);
    this.setFirstLink(index, -1);
    this.#tally.enter(index, READY);
    this.update(index, agent);
    return index;
  }

  /** Copies what core says of the agent, but for its offer. */
  update(index: number, agent: Agent): void {
    this.#agents.set(index, agent);
    this.catchUp(index);
    const before = this.#stateOf(index);
    const state = STATE_CODES[agent.state];
    this.#tally.move(before, state);
    this.#tally.setSlots(index, agent.state === 'lost' ? 0 : agent.spec.slots);
    this.#set(index, STANDING, (this.#get(index, STANDING) & ~STATE_MASK) | state);
    this.#floats[index * FIELDS + WEIGHT] = Math.max(
      WEIGHT_MIN,
      agent.spec.weight * trustFactor(agent),
    );
    this.#doubles[(index * FIELDS + COST) >> 1] = agent.spec.cost;
  }

  /** Takes the tasks in flight, and what its breaker lets through, over from core's record. */
  catchUp(index: number): void {
    const agent = this.agentAt(index);
    const inFlight = slotsUsed(agent);
    this.setInFlight(index, inFlight);
    this.#set(index, ROOM, roomOf(agent, inFlight));
  }

  remove(index: number): void {
    this.#indices.remove(this.agentAt(index).id);
    this.setInFlight(index, 0);
    this.#tally.setSlots(index, 0);
    this.#tally.leave(this.#stateOf(index));
    this.#agents.set(index, null);
    this.setAhead(index, false);
    this.#unused.push(index);
  }

  /** Most tasks at once: its slots, or less while its breaker is not closed. */
  slots(index: number): number {
    return this.#get(index, ROOM);
  }

  /** Tasks that take its slots, counting proposals of the batch at hand. */
  inFlight(index: number): number {
    return this.#get(index, IN_FLIGHT);
  }

  setInFlight(index: number, count: number): void {
    this.#tally.use(count - this.#get(index, IN_FLIGHT));
    this.#set(index, IN_FLIGHT, count);
  }

  /** Share of its room that is taken, 0..1 and above where slots were reduced or an answered task came back. */
  load(index: number): number {
    return this.#get(index, IN_FLIGHT) / Math.max(1, this.#get(index, ROOM));
  }

  /** As its spec and the trust in it say, to seven digits. */
  weight(index: number): number {
    return this.#floats[index * FIELDS + WEIGHT] as number;
  }

  /** Reads both ends of the record, which may lie on two cache lines; the number means nothing. */
  touch(index: number): number {
    return this.#get(index, ROOM) + this.#get(index, COST + 1);
  }

  cost(index: number): number {
    return this.#doubles[(index * FIELDS + COST) >> 1] as number;
  }

  /** Whether it may be given a task now. */
  isAble(index: number): boolean {
    const at = index * FIELDS;
    const records = this.#records;
    return (
      (records[at + IN_FLIGHT] as number) < (records[at + ROOM] as number) &&
      (records[at + CREDIT] as number) > 0 &&
      ((records[at + STANDING] as number) & STATE_MASK) === READY
    );
  }

  /** Whether nothing was heard of it for too long. */
  /** Whether core has it as ready, with room or without. */
  isReady(index: number): boolean {
    return this.#stateOf(index) === READY;
  }

  isLost(index: number): boolean {
    return (this.#get(index, STANDING) & STATE_MASK) === STATE_CODES.lost;
  }

  /** Whether it is able, as the pools have been told. */
  isAvailable(index: number): boolean {
    return (this.#get(index, STANDING) & FLAG_AVAILABLE) !== 0;
  }

  setAvailable(index: number, available: boolean): void {
    this.#setFlag(index, FLAG_AVAILABLE, available);
  }

  /** Whether its tasks in flight count what the batch at hand will change. */
  isAhead(index: number): boolean {
    return (this.#get(index, STANDING) & FLAG_AHEAD) !== 0;
  }

  setAhead(index: number, ahead: boolean): void {
    this.#setFlag(index, FLAG_AHEAD, ahead);
  }

  /** Whether its breaker is in the way. */
  isHeldBack(index: number): boolean {
    const { breaker } = this.agentAt(index);
    return breaker !== null && breaker.state !== 'closed';
  }

  /** Whether it is ready and asking for work, be it full or not. */
  isServing(index: number): boolean {
    return this.#stateOf(index) === READY && this.#get(index, CREDIT) > 0;
  }

  standing(index: number): Standing {
    const state = this.#stateOf(index);
    if (state === STATE_CODES.lost) return 'lost';
    if (state === STATE_CODES.killed) return 'killed';
    if (state === STATE_CODES.draining) return 'draining';
    if (this.inFlight(index) >= this.agentAt(index).spec.slots) return 'full';
    if (this.inFlight(index) >= this.slots(index)) return 'breaker';
    if (this.#get(index, CREDIT) > 0) return 'available';
    const { availability } = this.agentAt(index).spec;
    return availability !== undefined && this.inFlight(index) === 0 ? 'asleep' : 'noCredit';
  }

  /** Sets how many further leases may be handed to it; infinity counts as never used up. */
  setCredit(index: number, credit: number): void {
    this.#set(index, CREDIT, Math.min(credit, CREDIT_INFINITE));
    this.spendCredit(index);
  }

  /** Takes one off for a proposal of the batch at hand. */
  lendCredit(index: number): void {
    const credit = this.#get(index, CREDIT);
    if (credit === CREDIT_INFINITE) return;
    this.#set(index, CREDIT, credit - 1);
    this.#set(index, STANDING, this.#get(index, STANDING) + LENT_ONE);
  }

  /** Gives back one that was lent, unless its credit was set anew meanwhile. */
  returnCredit(index: number): void {
    const standing = this.#get(index, STANDING);
    if (standing < LENT_ONE) return;
    this.#set(index, STANDING, standing - LENT_ONE);
    this.#set(index, CREDIT, this.#get(index, CREDIT) + 1);
  }

  /** Keeps what was lent as spent: the batch was applied. */
  spendCredit(index: number): void {
    this.#set(index, STANDING, this.#get(index, STANDING) & (LENT_ONE - 1));
  }

  /** First of its links to pools, or -1. Owned by `links.ts`. */
  firstLink(index: number): number {
    return this.#get(index, FIRST_LINK);
  }

  setFirstLink(index: number, link: number): void {
    this.#set(index, FIRST_LINK, link);
  }

  /** The number of its offer, or -1. Owned by `offers.ts`, as what follows. */
  offer(index: number): number {
    return this.#offers[index * 2] as number;
  }

  setOffer(index: number, offer: number): void {
    this.#offers[index * 2] = offer;
  }

  /** Its place in the list of its offer. */
  offerPosition(index: number): number {
    return this.#offers[index * 2 + 1] as number;
  }

  setOfferPosition(index: number, position: number): void {
    this.#offers[index * 2 + 1] = position;
  }

  #stateOf(index: number): number {
    return this.#get(index, STANDING) & STATE_MASK;
  }

  #setFlag(index: number, flag: number, on: boolean): void {
    const standing = this.#get(index, STANDING);
    this.#set(index, STANDING, on ? standing | flag : standing & ~flag);
  }

  #get(index: number, field: number): number {
    return this.#records[index * FIELDS + field] as number;
  }

  #set(index: number, field: number, value: number): void {
    this.#records[index * FIELDS + field] = value;
  }

  #grow(): void {
    const capacity = grownCapacity(this.#capacity);
    this.#capacity = capacity;
    this.#records = grown(this.#records, int32Column(capacity * FIELDS));
    this.#floats = new Float32Array(this.#records.buffer);
    this.#doubles = new Float64Array(this.#records.buffer);
    this.#offers = grown(this.#offers, int32Column(capacity * 2));
  }
}

/** How many tasks an agent with a breaker may have: what it has, and as many probes as may start. */
function roomOf({ breaker, spec }: Agent, inFlight: number): number {
  if (breaker === null || breaker.state === 'closed') return spec.slots;
  if (breaker.state === 'open') return Math.min(spec.slots, inFlight);
  const probes = Math.max(0, breaker.probesMax - breaker.probes);
  return Math.min(spec.slots, inFlight + probes);
}
