/** An agent as a process that can be killed, frozen, and started again under the same name. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, 'agent-main.ts');

export interface AgentPlan {
  readonly id: string;
  readonly isPolling: boolean;
  readonly capabilities: string[];
  readonly slots: number;
  readonly labels: Record<string, string>;
}

export class AgentProcess {
  readonly plan: AgentPlan;
  readonly #argument: string;
  #child: ChildProcess | null = null;

  constructor(plan: AgentPlan, where: { readonly url: string; readonly journalFile: string }) {
    this.plan = plan;
    this.#argument = JSON.stringify({ plan, ...where });
  }

  get isAlive(): boolean {
    return this.#child !== null;
  }

  start(): void {
    if (this.#child !== null) return;
    const child = spawn(process.execPath, [MAIN, this.#argument], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    child.once('exit', () => {
      if (this.#child === child) this.#child = null;
    });
    this.#child = child;
  }

  /** Ends it at once, as `kill -9`. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Stops it in the middle of whatever it does; it goes on as if nothing had been. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }
}
