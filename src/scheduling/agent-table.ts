/**
 * What the scheduler knows of each agent, as one record of numbers under a dense index.
 *
 * What a placement reads and writes of an agent lies together, two records to a cache line: at
 * 100,000 agents the memory misses of a column for each field cost more than all the rest. Indices
 * are reused after removal; tables double when they are full. 48 bytes an agent here.
 */
import { invariant } from '../base/invariant.ts';
import {
  slotsUsed,
  trustFactor,
  type Agent,
  type AgentId,
  type AgentSpec,
  type AgentState,
} from '../core/index.ts';
import type { Offer } from './offers.ts';

/** Why an agent is or is not available, in the order in which the reasons are asked. */
export type Standing =
  'available' | 'lost' | 'killed' | 'draining' | 'breaker' | 'full' | 'noCredit';

const READY = 0;
const STATE_CODES: Readonly<Record<AgentState, number>> = {
  ready: READY,
  draining: 1,
  lost: 2,
  killed: 3,
};
const CAPACITY_MIN = 64;
/** Credit that no proposal uses up. */
const CREDIT_INFINITE = 0x7fff_ffff;

/** Fields of a record. The first: its slots, or less while its breaker is not closed. */
const ROOM = 0;
const IN_FLIGHT = 1;
const STATE = 2;
const CREDIT = 3;
const CREDIT_LENT = 4;
const FLAGS = 5;
const FIRST_LINK = 6;
const OFFER_POSITION = 7;
const FIELDS = 8;

const FLAG_AVAILABLE = 1;
const FLAG_AHEAD = 2;

export class AgentTable {
  readonly offers: (Offer | null)[] = [];
  /** The specs as they were last taken over: core replaces a changed one. */
  readonly specs: AgentSpec[] = [];
  #records: Int32Array = new Int32Array(CAPACITY_MIN * FIELDS);
  #weights: Float64Array = new Float64Array(CAPACITY_MIN);
  #costs: Float64Array = new Float64Array(CAPACITY_MIN);
  readonly #agents: (Agent | null)[] = [];
  readonly #indices = new Map<AgentId, number>();
  readonly #unused: number[] = [];

  get size(): number {
    return this.#indices.size;
  }

  /** The index of a known agent, or -1. */
  indexOf(id: AgentId): number {
    return this.#indices.get(id) ?? -1;
  }

  /** The indices of all known agents. */
  indices(): MapIterator<number> {
    return this.#indices.values();
  }

  /** Core's own record of the agent. */
  agentAt(index: number): Agent {
    const agent = this.#agents[index];
    invariant(agent !== undefined && agent !== null, 'an index names a known agent');
    return agent;
  }

  /** Gives a new agent an index; it has no credit, offer or links yet. */
  add(agent: Agent): number {
    invariant(!this.#indices.has(agent.id), 'an agent is added once');
    const index = this.#unused.pop() ?? this.#agents.length;
    if (index >= this.#weights.length) this.#grow();
    this.#indices.set(agent.id, index);
    this.offers[index] = null;
    this.#records.fill(0, index * FIELDS, (index + 1) * FIELDS);
    this.setFirstLink(index, -1);
    this.update(index, agent);
    return index;
  }

  /** Copies what core says of the agent, but for its offer. */
  update(index: number, agent: Agent): void {
    this.#agents[index] = agent;
    this.specs[index] = agent.spec;
    this.catchUp(index);
    this.#set(index, STATE, STATE_CODES[agent.state]);
    this.#weights[index] = agent.spec.weight * trustFactor(agent);
    this.#costs[index] = agent.spec.cost;
  }

  /** Takes the tasks in flight, and what its breaker lets through, over from core's record. */
  catchUp(index: number): void {
    const agent = this.agentAt(index);
    const inFlight = slotsUsed(agent);
    this.#set(index, IN_FLIGHT, inFlight);
    this.#set(index, ROOM, roomOf(agent, inFlight));
  }

  remove(index: number): void {
    this.#indices.delete(this.agentAt(index).id);
    this.#agents[index] = null;
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
    this.#set(index, IN_FLIGHT, count);
  }

  /** Share of its room that is taken, 0..1 and above where slots were reduced or an answered task came back. */
  load(index: number): number {
    return this.#get(index, IN_FLIGHT) / Math.max(1, this.#get(index, ROOM));
  }

  weight(index: number): number {
    return this.#weights[index] as number;
  }

  cost(index: number): number {
    return this.#costs[index] as number;
  }

  /** Whether it may be given a task now. */
  isAble(index: number): boolean {
    const at = index * FIELDS;
    const records = this.#records;
    return (
      (records[at + IN_FLIGHT] as number) < (records[at + ROOM] as number) &&
      (records[at + CREDIT] as number) > 0 &&
      records[at + STATE] === READY
    );
  }

  /** Whether nothing was heard of it for too long. */
  isLost(index: number): boolean {
    return this.#get(index, STATE) === STATE_CODES.lost;
  }

  /** Whether it is able, as the pools have been told. */
  isAvailable(index: number): boolean {
    return (this.#get(index, FLAGS) & FLAG_AVAILABLE) !== 0;
  }

  setAvailable(index: number, available: boolean): void {
    this.#setFlag(index, FLAG_AVAILABLE, available);
  }

  /** Whether its tasks in flight count what the batch at hand will change. */
  isAhead(index: number): boolean {
    return (this.#get(index, FLAGS) & FLAG_AHEAD) !== 0;
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
    return this.#get(index, STATE) === READY && this.#get(index, CREDIT) > 0;
  }

  standing(index: number): Standing {
    const state = this.#get(index, STATE);
    if (state === STATE_CODES.lost) return 'lost';
    if (state === STATE_CODES.killed) return 'killed';
    if (state === STATE_CODES.draining) return 'draining';
    if (this.inFlight(index) >= this.agentAt(index).spec.slots) return 'full';
    if (this.inFlight(index) >= this.slots(index)) return 'breaker';
    return this.#get(index, CREDIT) > 0 ? 'available' : 'noCredit';
  }

  /** Sets how many further leases may be handed to it; infinity counts as never used up. */
  setCredit(index: number, credit: number): void {
    this.#set(index, CREDIT, Math.min(credit, CREDIT_INFINITE));
    this.#set(index, CREDIT_LENT, 0);
  }

  /** Takes one off for a proposal of the batch at hand. */
  lendCredit(index: number): void {
    const credit = this.#get(index, CREDIT);
    if (credit === CREDIT_INFINITE) return;
    this.#set(index, CREDIT, credit - 1);
    this.#set(index, CREDIT_LENT, this.#get(index, CREDIT_LENT) + 1);
  }

  /** Gives back one that was lent, unless its credit was set anew meanwhile. */
  returnCredit(index: number): void {
    const lent = this.#get(index, CREDIT_LENT);
    if (lent === 0) return;
    this.#set(index, CREDIT_LENT, lent - 1);
    this.#set(index, CREDIT, this.#get(index, CREDIT) + 1);
  }

  /** Keeps what was lent as spent: the batch was applied. */
  spendCredit(index: number): void {
    this.#set(index, CREDIT_LENT, 0);
  }

  /** First of its links to pools, or -1. Owned by `links.ts`. */
  firstLink(index: number): number {
    return this.#get(index, FIRST_LINK);
  }

  setFirstLink(index: number, link: number): void {
    this.#set(index, FIRST_LINK, link);
  }

  /** Its place in the list of its offer. Owned by `offers.ts`. */
  offerPosition(index: number): number {
    return this.#get(index, OFFER_POSITION);
  }

  setOfferPosition(index: number, position: number): void {
    this.#set(index, OFFER_POSITION, position);
  }

  #setFlag(index: number, flag: number, on: boolean): void {
    const flags = this.#get(index, FLAGS);
    this.#set(index, FLAGS, on ? flags | flag : flags & ~flag);
  }

  #get(index: number, field: number): number {
    return this.#records[index * FIELDS + field] as number;
  }

  #set(index: number, field: number, value: number): void {
    this.#records[index * FIELDS + field] = value;
  }

  #grow(): void {
    const capacity = this.#weights.length * 2;
    this.#records = grown(this.#records, new Int32Array(capacity * FIELDS));
    this.#weights = grown(this.#weights, new Float64Array(capacity));
    this.#costs = grown(this.#costs, new Float64Array(capacity));
  }
}

/** How many tasks an agent with a breaker may have: what it has, and as many probes as may start. */
function roomOf({ breaker, spec }: Agent, inFlight: number): number {
  if (breaker === null || breaker.state === 'closed') return spec.slots;
  if (breaker.state === 'open') return Math.min(spec.slots, inFlight);
  const probes = Math.max(0, breaker.probesMax - breaker.probes);
  return Math.min(spec.slots, inFlight + probes);
}

/** Copies a column into a larger one. */
export function grown<Column extends Int32Array | Float64Array>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
