/**
 * What the scheduler has learned of agents that fail together, and whom it keeps apart or clear of for it.
 *
 * Fed with how attempts end and agents that are lost. Soft, as what strategies learn: it begins empty with
 * each leader. At most about 2 MiB, however many agents there are.
 */
import type { Agent, AgentId } from '../../core/index.ts';
import type { AgentTable } from '../agent-table.ts';
import type { Offers } from '../offers.ts';
import { correlationSteps, type CorrelationReport } from './correlation-report.ts';
import { FailureModel, type DomainLabel } from './failure-model.ts';
import { FailureWindows } from './failure-windows.ts';
import { leftOver } from './repulsion.ts';
import { Suspects, type Suspect } from './suspects.ts';

export class FailureCorrelation {
  readonly #table: AgentTable;
  readonly #windows = new FailureWindows();
  readonly #model: FailureModel;
  readonly #suspects: Suspects;

  constructor(table: AgentTable, offers: Offers) {
    this.#table = table;
    const domainOf = (agent: number, label: DomainLabel): string | undefined =>
      table.agentAt(agent).spec.labels[label];
    this.#model = new FailureModel(this.#windows, domainOf);
    this.#suspects = new Suspects({
      domainOf,
      sizeOf: (label, name) => offers.feature(`label ${label}=${name}`)?.agents ?? 0,
      total: () => table.size,
    });
  }

  /** Whether some domain may be suspect. */
  get hasSuspects(): boolean {
    return !this.#suspects.isEmpty;
  }

  /** An attempt of the agent ended. O(1), but O(agents that failed) once a window. */
  ended(agent: number, ok: boolean, nowMs: number): void {
    if (ok) {
      this.#windows.ended(nowMs);
      this.#suspects.succeeded(agent);
    } else this.#failed(agent, nowMs);
  }

  /** Takes in the loss of an agent. */
  changed(agent: number, { state, stateAt }: Agent, wasLost: boolean): void {
    if (state === 'lost' && !wasLost) this.#failed(agent, stateAt);
  }

  /** The index names another agent from now on. */
  forget(agent: number): void {
    this.#windows.forget(agent);
    this.#suspects.forget(agent);
  }

  /**
   * Part of the agent's failures that it would share with the agents given, 0..1: 1 less what a
   * determinantal process over the correlations leaves of it. 0 where nothing was learned.
   */
  shared(agent: number, others: readonly AgentId[]): number {
    if (!this.#windows.has(agent)) return 0;
    const chosen: number[] = [];
    for (const id of others) {
      const index = this.#table.indexOf(id);
      if (index >= 0 && index !== agent && this.#windows.has(index)) chosen.push(index);
    }
    if (chosen.length === 0) return 0;
    return 1 - leftOver(agent, chosen, (i, j) => this.#model.correlation(i, j));
  }

  /** The agent's domain that fails at the moment, or null. */
  suspectOf(agent: number, nowMs: number): Suspect | null {
    return this.#suspects.of(agent, nowMs);
  }

  /**
   * What was learned, for people, in steps. At most 128² pairs are compared, and 48³ steps a sweep for the modes.
   *
   * @param about - the agent that pairs are to be about; null for any
   */
  report(nowMs: number, about: AgentId | null): Generator<void, CorrelationReport> {
    const table = this.#table;
    const nameOf = (agent: number): AgentId => table.agentAt(agent).id;
    return correlationSteps(this.#model, {
      suspects: this.#suspects.all(nowMs),
      nameOf,
      about: about === null ? null : table.indexOf(about),
    });
  }

  #failed(agent: number, nowMs: number): void {
    this.#windows.failed(agent, nowMs);
    this.#suspects.failed(agent, nowMs);
  }
}
