/**
 * The agents that meet one requirement, and which of them are available now.
 *
 * A member's number is stable while its agent is in the pool. Available members also sit in a
 * dense list, which they join and leave in O(1), each with its agent: who draws one of a million looks nowhere
 * else for that. 16 bytes a member.
 */
import { int32Column } from '../base/columns.ts';
import { grown, grownCapacity } from '../base/grown.ts';
import { invariant } from '../base/invariant.ts';
import { NumberList } from '../base/number-list.ts';
import type { Requirement } from '../core/index.ts';
import type { AgentTable } from './agent-table.ts';
import { isNamespaceNodeBefore, type KeyNode, type NamespaceNode } from './fair-nodes.ts';
import { IndexedHeap, type HeapItem } from './indexed-heap.ts';
import type { Lane } from './lane.ts';
import { PoolStrategies } from './pool-strategies.ts';
import type { Shared } from './strategies/create-strategy.ts';

export class Pool implements HeapItem {
  heapSlot = -1;
  /** Names it in links. Owned by `links.ts`. */
  number = -1;
  /** Asked for a task since idle pools were last swept. */
  used = true;
  readonly signature: string;
  readonly requires: Requirement;
  readonly table: AgentTable;
  readonly lanes: Map<string, Lane> = new Map();
  readonly namespaces: Map<string, NamespaceNode> = new Map();
  /** Narrow namespaces with a task that may start, the one to be served first on top. */
  readonly open: IndexedHeap<NamespaceNode> = new IndexedHeap(isNamespaceNodeBefore);
  /** Nodes of shares that wait in many pools. Owned by `FairOrder`. */
  wide: Set<NamespaceNode | KeyNode> | null = null;
  /** Whether those take it to have an available agent. Owned by `FairOrder`. */
  isOffered = false;
  readonly strategies: PoolStrategies;
  readonly #unused = new NumberList();
  /** Two fields a member: its agent, and its position in the dense list; each -1 for none. */
  #members: Int32Array = new Int32Array(16);
  /** Two fields a position of the dense list: the member and its agent. */
  #available: Int32Array = new Int32Array(16);
  #availableCount = 0;
  #numbersUsed = 0;
  #departures = 0;
  #readyCount = 0;

  constructor(signature: string, requires: Requirement, table: AgentTable, shared: Shared) {
    this.signature = signature;
    this.requires = requires;
    this.table = table;
    this.strategies = new PoolStrategies(this, shared);
  }

  get size(): number {
    return this.#numbersUsed - this.#unused.length;
  }

  /** Members that core has as ready, with room or without. */
  get readyCount(): number {
    return this.#readyCount;
  }

  get availableCount(): number {
    return this.#availableCount;
  }

  /** Tasks that wait in its lanes. O(lanes). */
  get waitingCount(): number {
    let count = 0;
    for (const lane of this.lanes.values()) count += lane.size;
    return count;
  }

  /** Whether a task waits in one of its lanes. O(lanes) at most. */
  get isWaitedFor(): boolean {
    for (const lane of this.lanes.values()) if (lane.size > 0) return true;
    return false;
  }

  /** Whether a waiting task of a narrow namespace could start now. */
  get isPlaceable(): boolean {
    return this.#availableCount > 0 && this.open.size > 0;
  }

  /** Numbers below this may name members; the bound for columns by member. */
  get numbersUsed(): number {
    return this.#numbersUsed;
  }

  /** The agent of a member, or -1 for a number that names none. */
  agentOf(member: number): number {
    return this.#members[member * 2] as number;
  }

  isAvailable(member: number): boolean {
    return this.#positionOf(member) >= 0;
  }

  /** The member at a position of the dense list, 0 ≤ position < availableCount. */
  availableAt(position: number): number {
    return this.#available[position * 2] as number;
  }

  /** The agent of that member. */
  availableAgentAt(position: number): number {
    return this.#available[position * 2 + 1] as number;
  }

  /** Members that left so far: while it is the same, each number names the same agent. */
  get departures(): number {
    return this.#departures;
  }

  /** Takes an agent in and returns its number here. */
  add(agent: number): number {
    const member = this.#unused.pop() ?? this.#numbersUsed++;
    if (member * 2 >= this.#members.length) this.#grow();
    this.#members[member * 2] = agent;
    this.#members[member * 2 + 1] = -1;
    if (this.table.isReady(agent)) this.#readyCount += 1;
    if (this.table.isAvailable(agent)) this.#join(member);
    this.strategies.added(member);
    return member;
  }

  remove(member: number): void {
    invariant(this.agentOf(member) >= 0, 'a removed member is known');
    this.strategies.removed(member);
    if (this.table.isReady(this.agentOf(member))) this.#readyCount -= 1;
    if (this.isAvailable(member)) this.#leave(member);
    this.#departures += 1;
    this.#members[member * 2] = -1;
    this.#unused.push(member);
  }

  /** A member became ready, or is so no more. */
  countReady(by: 1 | -1): void {
    this.#readyCount += by;
  }

  /** Takes over from the table whether the member is available, and tells the strategies. */
  refresh(member: number): void {
    const available = this.table.isAvailable(this.agentOf(member));
    if (available !== this.isAvailable(member)) {
      if (available) this.#join(member);
      else this.#leave(member);
    }
    this.strategies.changed(member);
  }

  #positionOf(member: number): number {
    return this.#members[member * 2 + 1] as number;
  }

  #join(member: number): void {
    const position = this.#availableCount++;
    this.#members[member * 2 + 1] = position;
    this.#available[position * 2] = member;
    this.#available[position * 2 + 1] = this.agentOf(member);
  }

  #leave(member: number): void {
    const position = this.#positionOf(member);
    const last = this.availableAt(--this.#availableCount);
    this.#available[position * 2] = last;
    this.#available[position * 2 + 1] = this.availableAgentAt(this.#availableCount);
    this.#members[last * 2 + 1] = position;
    this.#members[member * 2 + 1] = -1;
  }

  #grow(): void {
    const length = 2 * grownCapacity(this.#members.length / 2);
    this.#members = grown(this.#members, int32Column(length));
    this.#available = grown(this.#available, int32Column(length));
  }
}
