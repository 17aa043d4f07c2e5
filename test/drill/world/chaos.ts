/** What goes wrong in a drill, drawn from a seed: kills of the server, deaths and freezes of agents, clocks that jump. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Rng } from '../../../src/base/rng.ts';
import type { AgentProcess } from './agent-process.ts';
import type { ServerProcess } from './server-process.ts';

export interface ChaosDone {
  kills: number;
  deaths: number;
  freezes: number;
  jumps: number;
  /** Time without a server, in milliseconds. */
  downMs: number;
  /** Time that the clock of the server is ahead, in milliseconds. */
  aheadMs: number;
}

export interface ChaosParts {
  readonly server: ServerProcess;
  readonly agents: readonly AgentProcess[];
  readonly rng: Rng;
  readonly isOver: () => boolean;
}

/** Longest wait between two of a kind, in milliseconds; each wait is at least a fifth of it. */
const KILL_MS = 9_000;
const DEATH_MS = 5_000;
const FREEZE_MS = 8_000;
const JUMP_MS = 6_000;
/** Longer than an agent may be silent, so that some freezes cost it its leases. */
const FROZEN_MS_MAX = 4_500;

export class Chaos {
  readonly done: ChaosDone = { kills: 0, deaths: 0, freezes: 0, jumps: 0, downMs: 0, aheadMs: 0 };
  readonly #parts: ChaosParts;

  constructor(parts: ChaosParts) {
    this.#parts = parts;
  }

  /** Resolves when it is over, with the server and all agents up again. */
  async run(): Promise<void> {
    await Promise.all([
      this.#again(KILL_MS, () => this.#killServer()),
      this.#again(DEATH_MS, () => this.#killAgent()),
      this.#again(FREEZE_MS, () => this.#freezeAgent()),
      this.#again(JUMP_MS, () => Promise.resolve(this.#jump())),
    ]);
    for (const agent of this.#parts.agents) agent.start();
  }

  async #again(waitMs: number, harm: () => Promise<void>): Promise<void> {
    const { isOver, rng } = this.#parts;
    // The first of each comes soon, so that short drills have it too.
    let endMs = performance.now() + waitMs / 5 + rng.below(waitMs / 5);
    while (!isOver()) {
      await delay(50);
      if (performance.now() < endMs) continue;
      await harm();
      endMs = performance.now() + waitMs / 5 + rng.below((waitMs * 4) / 5);
    }
  }

  async #killServer(): Promise<void> {
    const { rng, server } = this.#parts;
    const killedMs = performance.now();
    await server.kill();
    this.done.kills += 1;
    // Sometimes long enough for schedules to be late, and with another time at the start.
    await delay(rng.below(4) === 0 ? rng.below(1_500) : 0);
    if (rng.below(4) === 0) this.#jump();
    await server.start();
    this.done.downMs += performance.now() - killedMs;
  }

  async #killAgent(): Promise<void> {
    const agent = this.#pick();
    await agent.kill();
    this.done.deaths += 1;
    await delay(this.#parts.rng.below(3_000));
    agent.start();
  }

  async #freezeAgent(): Promise<void> {
    const agent = this.#pick();
    agent.freeze();
    this.done.freezes += 1;
    await delay(500 + this.#parts.rng.below(FROZEN_MS_MAX));
    agent.thaw();
  }

  /** Mostly forward: while it is behind, the time of the log stands still. */
  #jump(): void {
    const { rng, server } = this.#parts;
    const ms =
      rng.below(3) === 0 ? -rng.below(3_000) : rng.below(rng.below(4) === 0 ? 60_000 : 5_000);
    server.jump(ms);
    this.done.jumps += 1;
    this.done.aheadMs += ms;
  }

  #pick(): AgentProcess {
    const { agents, rng } = this.#parts;
    const agent = agents[rng.below(agents.length)];
    if (agent === undefined) throw new Error('a drill has agents');
    return agent;
  }
}
