/** Nodes of a cluster as real processes, killed, paused and started again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterView } from '../../src/contract/index.ts';
import { runUqo, startUqo, type Ran, type RunOptions, type Served } from '../e2e/uqo-process.ts';
import { freePort } from '../integration/free-port.ts';

/** Refusals of a change that pass by themselves: on a starved machine leaders come and go. */
const PASSING =
  /NO_LEADER|NOT_LEADER|TERM_NOT_READY|CHANGE_PENDING|TRANSFER_PENDING|TRANSFER_ABORTED/;
/** What became of it is not known, and what a repeat hears where it had been carried out. */
const UNKNOWN = /LEADERSHIP_LOST/;
const DONE = /NODE_EXISTS|NODE_NOT_LEARNER|NODE_NOT_FOUND/;

/** Longest wait for anything a cluster does by itself. */
const PATIENCE_MS = 60_000;

export class ClusterProcesses {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'uqo-cluster-'));
  readonly #peers = new Map<string, string>();
  readonly #apis = new Map<string, string>();
  readonly #running = new Map<string, Served>();

  /** What every node is started with. */
  readonly #flags: readonly string[];

  constructor(flags: readonly string[] = ['--no-agents']) {
    this.#flags = flags;
  }

  /** Starts nodes that found a cluster together, and waits until one leads. */
  static async start(
    ids: readonly string[],
    flags: readonly string[] = ['--no-agents'],
  ): Promise<ClusterProcesses> {
    const cluster = new ClusterProcesses(flags);
    for (const id of ids) await cluster.place(id);
    await Promise.all(ids.map((id) => cluster.run(id)));
    await cluster.leader();
    return cluster;
  }

  /** Gives a node its addresses. */
  async place(id: string): Promise<void> {
    this.settle(id, `127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`);
  }

  /** … these ones: for the other nodes, and for everybody else. */
  settle(id: string, peer: string, api: string): void {
    this.#peers.set(id, peer);
    this.#apis.set(id, api);
  }

  /** Where the other nodes reach it. */
  addressOf(id: string): string {
    return this.#peers.get(id) ?? '';
  }

  urlOf(id: string): string {
    return `http://${this.#apis.get(id)}`;
  }

  /** All addresses, as clients take them. */
  get urls(): string {
    return this.ids.map((id) => this.urlOf(id)).join(',');
  }

  get ids(): readonly string[] {
    return [...this.#peers.keys()];
  }

  isRunning(id: string): boolean {
    return this.#running.has(id);
  }

  /** Starts a node, or starts it again; resolves when its API listens. */
  async run(
    id: string,
    flags: readonly string[] = [],
    options: Partial<RunOptions> = {},
  ): Promise<Served> {
    const peers = [...this.#peers].map(([node, address]) => `${node}=${address}`).join(',');
    const args = ['--log', 'raft', '--node-id', id, '--peers', peers, '--data', id];
    const [host = '', port = ''] = this.#apis.get(id)?.split(':') ?? [];
    const at = ['--host', host, '--port', port, ...this.#flags];
    const served = await startUqo([...args, ...at, ...flags], {
      cwd: this.folder,
      ...options,
    });
    this.#running.set(id, served);
    return served;
  }

  /** Ends a node at once, as a power cut would end its process. */
  async kill(id: string): Promise<void> {
    await this.#end(id, 'SIGKILL');
  }

  /** Lets a node stop in order; resolves with its exit code. */
  stop(id: string): Promise<number | null> {
    return this.#end(id, 'SIGTERM');
  }

  pause(id: string): void {
    this.#running.get(id)?.signal('SIGSTOP');
  }

  goOn(id: string): void {
    this.#running.get(id)?.signal('SIGCONT');
  }

  uqo(id: string, ...args: readonly string[]): Promise<Ran> {
    return runUqo(args, { cwd: this.folder, env: { UQO_URL: this.urlOf(id) } });
  }

  /** Changes the members as an operator does, who asks again where that can help. */
  async change(id: string, ...args: readonly string[]): Promise<void> {
    let isUnknown = false;
    await this.until(`cluster ${args.join(' ')} is not done`, async () => {
      const { exitCode, stderr } = await this.uqo(id, 'cluster', ...args);
      if (exitCode === 0 || (isUnknown && DONE.test(stderr))) return true;
      isUnknown ||= UNKNOWN.test(stderr);
      if (PASSING.test(stderr) || UNKNOWN.test(stderr)) return null;
      throw new Error(`cluster ${args.join(' ')} must be done, got ${exitCode}: ${stderr}`);
    });
  }

  /** The cluster as a node sees it; null where it does not answer. */
  async view(id: string): Promise<ClusterView | null> {
    try {
      const signal = AbortSignal.timeout(2_000);
      const answer = await fetch(`${this.urlOf(id)}/api/v1/cluster`, { signal });
      return (await answer.json()) as ClusterView;
    } catch {
      return null;
    }
  }

  /** Resolves with who leads, once a running node says that it does itself. */
  leader(): Promise<string> {
    return this.until('nobody leads', async () => {
      for (const id of this.#running.keys()) {
        const view = await this.view(id);
        if (view?.role === 'leader' && view.leader === id) return id;
      }
      return null;
    });
  }

  /** Resolves once all running nodes have applied what the leader has. */
  async settled(): Promise<void> {
    const leader = await this.leader();
    await this.until('the nodes are not at one', async () => {
      const views = await Promise.all([...this.#running.keys()].map((id) => this.view(id)));
      const wanted = views.find((view) => view?.nodeId === leader)?.committedIndex;
      return views.every((view) => view?.appliedIndex === wanted) ? true : null;
    });
  }

  /** Looks until there is something. */
  async until<T>(otherwise: string, look: () => Promise<T | null>): Promise<T> {
    const endMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = await look();
      if (found !== null) return found;
      if (performance.now() > endMs) throw new Error(`after ${PATIENCE_MS} ms ${otherwise}`);
      await delay(50);
    }
  }

  async dispose(): Promise<void> {
    for (const id of this.#running.keys()) this.goOn(id);
    await Promise.all([...this.#running.keys()].map((id) => this.kill(id)));
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #end(id: string, signal: NodeJS.Signals): Promise<number | null> {
    const served = this.#running.get(id);
    this.#running.delete(id);
    served?.signal(signal);
    return (await served?.ended) ?? null;
  }
}
