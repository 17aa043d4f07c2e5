/** What the checks share: the scratch server, the agents, what was submitted and what ran. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, Client, TaskFailure, type AgentHandler } from '../../client/index.ts';
import type { LeaseView, TaskView } from '../../contract/index.ts';
import { invariant } from '../../base/invariant.ts';
import { pathOf, ServerApi } from '../server-api.ts';
import { PollAgent } from './poll-agent.ts';
import { ScratchServer } from './scratch-server.ts';

/** Longest wait for an answer of the scratch server, in milliseconds. */
const ANSWER_MS = 10_000;
const SILENT = { debug: quiet, info: quiet, warn: quiet, error: quiet };

function quiet(): void {
  // What handlers say would only disturb the report.
}

/** The work of the crash check: waits at the gate once half of it has begun. */
export class Gate {
  started = 0;
  #closesAt = Number.POSITIVE_INFINITY;
  #half = Promise.withResolvers<void>();
  #open = Promise.withResolvers<void>();

  /** From the `count`th start on work waits for {@link open}. */
  closeAt(count: number): void {
    this.#closesAt = this.started + count;
  }

  /** Resolves when work waits. */
  get reached(): Promise<void> {
    return this.#half.promise;
  }

  open(): void {
    this.#closesAt = Number.POSITIVE_INFINITY;
    this.#open.resolve();
  }

  async pass(): Promise<void> {
    this.started += 1;
    if (this.started < this.#closesAt) return;
    this.#half.resolve();
    await this.#open.promise;
  }
}

export class World {
  readonly gate: Gate = new Gate();
  /** What each attempt that ran was: `taskId token`, in order of their starts. */
  readonly runs: string[] = [];
  /** Groups of tasks whose handlers fail until they are taken out. */
  readonly ailing: Set<string> = new Set();
  /** Ids of tasks whose handlers were told to stop. */
  readonly aborted: Set<string> = new Set();
  readonly ids: Map<string, string> = new Map();
  readonly entry: string;
  readonly workDir: string;
  readonly dataDir: string;
  #server: ScratchServer | null = null;
  #api: ServerApi | null = null;
  #client: Client | null = null;
  #agent: Agent | null = null;
  #pollAgent: PollAgent | null = null;

  private constructor(entry: string, workDir: string) {
    this.entry = entry;
    this.workDir = workDir;
    this.dataDir = join(workDir, 'data');
  }

  static async create(entry: string): Promise<World> {
    return new World(entry, await mkdtemp(join(tmpdir(), 'uqo-verify-')));
  }

  get server(): ScratchServer {
    invariant(this.#server !== null, 'the scratch server must have been started');
    return this.#server;
  }

  get api(): ServerApi {
    invariant(this.#api !== null, 'the scratch server must have been started');
    return this.#api;
  }

  get client(): Client {
    invariant(this.#client !== null, 'the agents must have been started');
    return this.#client;
  }

  get pollAgent(): PollAgent {
    invariant(this.#pollAgent !== null, 'the agents must have been started');
    return this.#pollAgent;
  }

  /** Starts the server, at the same address as before where there was one. */
  async startServer(): Promise<ScratchServer> {
    const port = this.#server?.port ?? 0;
    const { dataDir, entry, workDir } = this;
    this.#server = await ScratchServer.start({ dataDir, entry, workDir, port });
    this.#api = new ServerApi(this.#server.url, ANSWER_MS);
    return this.#server;
  }

  async startAgents(): Promise<void> {
    const { url } = this.server;
    this.#client = new Client({ url });
    this.#agent = new Agent({
      id: 'verify-socket',
      url,
      slots: 8,
      capabilities: Object.keys(this.#handlers()),
      handler: this.#handlers(),
      logger: () => SILENT,
    });
    const registration = { id: 'verify-poll', slots: 4, capabilities: ['verify.poll'] };
    this.#pollAgent = new PollAgent(this.api.http, registration, (lease) => this.#poll(lease));
    await Promise.all([this.#agent.start(), this.#pollAgent.start()]);
  }

  task(id: string): Promise<TaskView> {
    return this.api.get<TaskView>(pathOf('tasks', id));
  }

  /** Stops what runs and removes the folder. Safe at any time. */
  async end(): Promise<void> {
    this.gate.open();
    await Promise.allSettled([
      this.#pollAgent?.stop(),
      this.#agent?.stop(0),
      this.#client?.close(),
    ]);
    await Promise.allSettled([this.#server?.kill()]);
    await rm(this.workDir, { recursive: true, force: true });
  }

  async stopAgents(): Promise<void> {
    await Promise.all([this.#pollAgent?.stop(), this.#agent?.stop(1000), this.#client?.close()]);
    this.#agent = null;
    this.#client = null;
    this.#pollAgent = null;
  }

  #handlers(): Record<string, AgentHandler> {
    const square: AgentHandler<{ n: number }> = async ({ id, payload }, { fencingToken }) => {
      this.runs.push(`${id} ${fencingToken}`);
      await this.gate.pass();
      return { square: payload.n ** 2, token: fencingToken };
    };
    const handlers = {
      'verify.socket': square,
      'verify.ailing': ((task, { attempt }) => {
        if (this.ailing.has(task.payload.group)) {
          throw new TaskFailure('AILING', `attempt ${attempt} fails on purpose`);
        }
        return { attempt };
      }) as AgentHandler<{ group: string }>,
      'verify.calls': (async ({ payload }, { signal }) => {
        const { group, hangs } = payload;
        if (group !== undefined && this.ailing.has(group)) {
          const blame = { downstream: group };
          throw new TaskFailure('UPSTREAM', 'the service fails on purpose', blame);
        }
        if (hangs !== true) return null;
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        return null;
      }) as AgentHandler<{ group?: string; hangs?: boolean }>,
      'verify.flaky': ((_task, { attempt }) => {
        if (attempt === 1) throw new TaskFailure('FLAKY', 'the first attempt fails on purpose');
        return { attempt };
      }) as AgentHandler,
      'verify.hopeless': (() => {
        throw new TaskFailure('HOPELESS', 'pointless to try again', { retryable: false });
      }) as AgentHandler,
      'verify.asks': (async (_task, { attempt, heartbeat, lastDetails, waitForInput }) => {
        heartbeat({ attempt });
        if (attempt === 1) throw new TaskFailure('FLAKY', 'the first attempt fails on purpose');
        const answer = await waitForInput({ message: 'go on?', schema: { type: 'boolean' } });
        return { answer, lastDetails };
      }) as AgentHandler,
      'verify.tells': ((_task, { emit }) => {
        for (let n = 0; n < 5; n++) emit({ n });
      }) as AgentHandler,
      'verify.now': (() => ({ at: performance.now() })) as AgentHandler,
      'verify.endless': (async ({ id }, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        this.aborted.add(id);
      }) as AgentHandler,
    };
    return handlers;
  }

  async #poll({ fencingToken, payload, taskId }: LeaseView): Promise<unknown> {
    this.runs.push(`${taskId} ${fencingToken}`);
    await this.gate.pass();
    return { square: (payload as { n: number }).n ** 2, token: fencingToken };
  }
}
