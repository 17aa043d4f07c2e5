/** Serves tasks with handlers, over one connection that comes back by itself. */
import { randomUUID } from 'node:crypto';
import { OrchestratorError } from '../base/errors.ts';
import {
  Attempts,
  CHANNEL_VERSION,
  checkRegisterAgents,
  frameSlices,
  promptText,
  type AgentHandler,
  type AttemptHost,
  type AttemptLease,
  type HandlerLogger,
  type KeyedPrompt,
  type LeaseExtra,
  type Problem,
  type RawFrame,
  type RegisterAgent,
} from '../contract/index.ts';
import { Connection } from './connection.ts';
import { DetailsQueue } from './details-queue.ts';
import { enrollmentOf, type Enrollment } from './enrollment.ts';
import { HttpApi } from './http-api.ts';
import { OutputQueue } from './output-queue.ts';
import { ReportQueue, type AttemptRef } from './report-queue.ts';
import { stderrLogger } from './stderr-logger.ts';
import { problemError } from './task-error.ts';

/** An agent's registration, and its handlers by task type or one for all. */
export interface ServedAgent extends RegisterAgent {
  readonly handler: AgentHandler | Readonly<Record<string, AgentHandler>>;
}

/** What to serve, and where. */
export interface AgentOptions extends ServedAgent {
  /**
   * Address of the server, or of several nodes of a cluster with commas between them. Default `UQO_URL`,
   * else `http://127.0.0.1:8080`.
   */
  readonly url?: string;
  /** Further agents to serve over the same connection, up to a million. */
  readonly also?: readonly ServedAgent[];
  /** Where handlers' log lines go. Default: standard error. */
  readonly logger?: (context: { taskId: string; type: string; attempt: number }) => HandlerLogger;
  /**
   * Told of what the server holds against the agent after it was welcomed. After `AGENT_REPLACED`
   * the agent has stopped: another process serves it, or it was removed. Default: standard error.
   */
  readonly onError?: (error: OrchestratorError) => void;
}

/** Why a server may refuse an agent now and take it a little later. */
const PASSING_CODES = new Set(['OVERLOADED', 'LOG_FULL', 'LOG_FAILED', 'LOG_CLOSED', 'STOPPED']);

/** Agents whose registrations are checked together. */
const CHECKED_AT_ONCE = 10_000;

/** How long a stop waits for each of the server's last answers, in milliseconds. */
const STOP_ANSWER_MS_MAX = 5_000;

/** A lease as the server hands it over. */
interface Lease extends AttemptLease {
  /** Which of the connection's agents it is for. */
  readonly agent: number;
}

interface Wait {
  readonly isMet: () => boolean;
  readonly end: () => void;
}

export class Agent {
  readonly #options: AgentOptions;
  readonly #served: readonly ServedAgent[];
  readonly #enrollment: Enrollment;
  /** Frames of the enrollment that the server has not answered yet. */
  #enrolling = 0;
  #isReady = false;
  readonly #http: HttpApi;
  readonly #incarnation: string = randomUUID();
  readonly #attempts: Attempts<Lease>;
  readonly #output: OutputQueue<Lease> = new OutputQueue((frame) => this.#send(frame));
  /** Attempts that ended while their output is still on its way: their reports follow it. */
  readonly #ending = new Set<Lease>();
  readonly #reports = new ReportQueue((frame) => this.#send(frame));
  readonly #details = new DetailsQueue<Lease>((frame) => this.#send(frame));
  readonly #ready = Promise.withResolvers<void>();
  readonly #waits = new Set<Wait>();
  #connection: Connection | null = null;
  #state: 'new' | 'welcome' | 'stopping' | 'stopped' = 'new';
  #hasLeft = false;
  #stop: Promise<void> | null = null;
  #beat: NodeJS.Timeout | null = null;

  constructor(options: AgentOptions) {
    const { also = [], logger: _logger, onError: _onError, url, ...first } = options;
    this.#options = options;
    this.#served = [first, ...also];
    const registrations = this.#served.map(
      ({ handler: _handler, ...registration }) => registration,
    );
    for (let from = 0; from < registrations.length; from += CHECKED_AT_ONCE)
      checkRegisterAgents(registrations.slice(from, from + CHECKED_AT_ONCE), '');
    this.#enrollment = enrollmentOf(registrations);
    this.#attempts = new Attempts(this.#host());
    this.#http = new HttpApi(url ?? process.env['UQO_URL'] ?? 'http://127.0.0.1:8080');
    // Whoever calls `start` hears of it; a refusal that nobody waits for is no fault of the process.
    this.#ready.promise.catch(() => undefined);
  }

  /**
   * Connects and registers; resolves when the server has welcomed the agent, however long it takes to
   * be reached.
   *
   * @throws OrchestratorError with the server's code when it refuses the agent; `AGENT_STOPPED`
   */
  async start(): Promise<void> {
    if (this.#state === 'new') {
      this.#connection ??= new Connection({
        addresses: this.#http.addresses,
        path: '/agents/connect',
        opened: () => this.#hello(),
        frame: (frame) => this.#frame(frame),
        lost: () => this.#stopBeat(),
      });
    }
    if (this.#state === 'stopped') throw stoppedError();
    await this.#ready.promise;
  }

  /**
   * Stops for good: takes nothing more, lets running handlers end for at most `graceMs`, then aborts
   * them and gives their tasks back. The agent is forgotten by the server. Safe to call twice.
   */
  stop(graceMs = 10_000): Promise<void> {
    this.#stop ??= this.#stopped(graceMs);
    return this.#stop;
  }

  async #stopped(graceMs: number): Promise<void> {
    const connection = this.#connection;
    if (this.#state === 'welcome' && connection !== null) {
      this.#state = 'stopping';
      this.#send(['drain']);
      // Whoever waits for an answer may wait for days: its task is better asked of another agent.
      await this.#until(() => this.#attempts.active + this.#ending.size === 0, graceMs);
      this.#details.flush();
      this.#release(this.#attempts.abandonAll('stopped').map(refOf));
      this.#reports.flush();
      await this.#until(() => this.#reports.isEmpty, STOP_ANSWER_MS_MAX);
      if (this.#send(['leave'])) await this.#until(() => this.#hasLeft, STOP_ANSWER_MS_MAX);
    }
    await this.#end(stoppedError());
  }

  /** Lets go of everything. */
  async #end(reason: OrchestratorError): Promise<void> {
    this.#state = 'stopped';
    this.#ready.reject(reason);
    this.#attempts.abandonAll('stopped');
    this.#reports.close();
    this.#output.close();
    this.#stopBeat();
    for (const { end } of this.#waits) end();
    await this.#connection?.close();
  }

  #send(frame: RawFrame): boolean {
    return this.#connection?.send(frame) ?? false;
  }

  #hello(): void {
    this.#send([
      'hello',
      {
        version: CHANNEL_VERSION,
        incarnation: this.#incarnation,
        agents: this.#enrollment.hello,
        held: [
          ...this.#attempts.leases().map(refOf),
          ...[...this.#ending].map(refOf),
          ...this.#reports.refs(),
        ],
      },
    ]);
  }

  #frame(frame: RawFrame): void {
    if (this.#state === 'stopped') return;
    switch (frame[0]) {
      case 'welcome':
        this.#welcome(frame[1] as number);
        return;
      case 'enrolled':
        this.#enrolled();
        return;
      case 'leases':
        this.#leases(frame);
        return;
      case 'reported':
        this.#reports.answered(frame[1] as number);
        this.#settle();
        return;
      case 'deferred':
        this.#reports.deferred(frame[1] as number, frame[3] as number);
        return;
      case 'answered':
        this.#attempts.answered(attemptOf(frame), frame[3] as string, frame[4] as string);
        return;
      case 'ask_refused':
        this.#attempts.refused(
          attemptOf(frame),
          frame[3] as string,
          problemError(frame[4] as Problem),
        );
        return;
      case 'emitted':
        this.#output.taken(frame[1] as string, frame[2] as number, frame[3] as number);
        return;
      case 'emit_refused':
        this.#emitRefused(frame);
        return;
      case 'revoked':
        this.#revoked(frame[1] as string[], frame[2] as number[], frame[3] as string);
        return;
      case 'cancel_requested':
        this.#attempts.requestCancel(frame[1] as string, frame[2] as number, frame[3] as string);
        return;
      case 'left':
        this.#hasLeft = true;
        this.#settle();
        return;
      case 'problem':
        this.#problem(problemError(frame[1] as Problem));
        return;
      default:
        return;
    }
  }

  #emitRefused(frame: RawFrame): void {
    const error = problemError(frame[3] as Problem);
    const isNews = this.#output.refused(frame[1] as string, frame[2] as number, error);
    if (isNews) (this.#options.onError ?? writeError)(error);
  }

  #welcome(heartbeatMs: number): void {
    this.#stopBeat();
    this.#beat = setInterval(() => this.#send(['beat']), heartbeatMs / 3);
    this.#details.resend();
    this.#output.resend();
    this.#reports.resend();
    for (const { lease, prompt } of this.#attempts.questions()) this.#ask(lease, prompt);
    // The hello made it ready for work again.
    if (this.#state === 'stopping') this.#send(['drain']);
    else this.#state = 'welcome';
    const { frames } = this.#enrollment;
    this.#enrolling = frames.length;
    for (const frame of frames) this.#send(frame);
    if (frames.length === 0) this.#registered();
  }

  #enrolled(): void {
    this.#enrolling -= 1;
    if (this.#enrolling === 0) this.#registered();
  }

  #registered(): void {
    this.#isReady = true;
    this.#ready.resolve();
  }

  #problem(error: OrchestratorError): void {
    const isRefused = !this.#isReady && !PASSING_CODES.has(error.code);
    // Two processes that serve one agent would take it from each other for ever: the older gives way.
    const isReplaced = error.code === 'AGENT_REPLACED';
    if (this.#isReady) (this.#options.onError ?? writeError)(error);
    if (isRefused || isReplaced) void this.#end(error);
  }

  #stopBeat(): void {
    if (this.#beat !== null) clearInterval(this.#beat);
    this.#beat = null;
  }

  #leases(frame: RawFrame): void {
    const [, types, agents, taskIds, tokens, attempts, typeOf, payloads, , extras] =
      frame as readonly [
        string,
        string[],
        number[],
        string[],
        number[],
        number[],
        number[],
        string[],
        number[],
        ((LeaseExtra | null)[] | null)?,
      ];
    const leases = taskIds.map((taskId, i): Lease => ({
      agent: agents[i] as number,
      taskId,
      fencingToken: tokens[i] as number,
      attempt: attempts[i] as number,
      type: types[typeOf[i] as number] as string,
      payload: payloads[i] as string,
      extra: extras?.[i] ?? null,
    }));
    if (this.#state === 'stopping') {
      this.#release(leases.map(refOf));
      return;
    }
    for (const lease of leases) void this.#run(lease);
  }

  async #run(lease: Lease): Promise<void> {
    const ended = await this.#attempts.run(lease, this.#handlerOf(lease));
    const details = this.#details.take(lease);
    const drained = this.#output.ended(lease);
    if (drained !== null && ended !== null) {
      // Still held: a server that does not hear of it would hand it over again.
      this.#ending.add(lease);
      await drained;
      this.#ending.delete(lease);
    }
    if (ended !== null && this.#state !== 'stopped') {
      const { fencingToken, taskId } = lease;
      const { report } = ended;
      this.#reports.add({ taskId, fencingToken, report, details: report.ok ? null : details });
    }
    this.#settle();
  }

  #handlerOf({ agent, type }: Lease): AgentHandler {
    const { handler, id } = this.#served[agent] ?? this.#options;
    if (typeof handler === 'function') return handler;
    const own = Object.hasOwn(handler, type) ? handler[type] : undefined;
    if (own !== undefined) return own;
    return () => {
      throw new OrchestratorError('NO_HANDLER', `agent ${id} must have a handler for ${type}`);
    };
  }

  #host(): AttemptHost<Lease> {
    const loggerOf = this.#options.logger ?? stderrLogger;
    return {
      progress: ({ fencingToken, taskId }, fraction, note) =>
        void this.#send(['progress', taskId, fencingToken, fraction, note]),
      details: (lease, details) => this.#details.add(lease, details),
      ask: (lease, prompt) => {
        this.#ask(lease, prompt);
        this.#settle();
        return Promise.resolve(null);
      },
      emit: (lease, chunk) => this.#output.add(lease, chunk),
      submit: async (tasks) => {
        const submitted = (await this.#http.call('POST', '/tasks', { tasks })) as {
          readonly tasks: readonly { readonly id: string }[];
        };
        return submitted.tasks.map(({ id }) => id);
      },
      logger: ({ attempt, taskId, type }) => loggerOf({ taskId, type, attempt }),
    };
  }

  /** What is asked while there is no connection is asked when there is one again. */
  #ask({ fencingToken, taskId }: Lease, prompt: KeyedPrompt): void {
    this.#send(['ask', taskId, fencingToken, prompt.key, promptText(prompt)]);
  }

  /** Gives attempts back: they start anew elsewhere, and count as none. */
  #release(refs: readonly AttemptRef[]): void {
    for (const slice of frameSlices(refs, () => 0)) {
      const [taskIds, tokens] = [slice.map(([id]) => id), slice.map(([, token]) => token)];
      this.#send(['release', taskIds, tokens, 'agent_stopped']);
    }
  }

  #revoked(taskIds: readonly string[], tokens: readonly number[], reason: string): void {
    for (const [i, taskId] of taskIds.entries())
      this.#attempts.abort(taskId, tokens[i] as number, reason);
  }

  /** Resolves when `isMet`, or after `ms`. */
  #until(isMet: () => boolean, ms: number): Promise<void> {
    if (isMet() || this.#state === 'stopped') return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waits.delete(wait);
        resolve();
      };
      const timer = setTimeout(end, ms);
      const wait = { isMet, end };
      this.#waits.add(wait);
    });
  }

  #settle(): void {
    for (const { end, isMet } of this.#waits) if (isMet()) end();
  }
}

function attemptOf(frame: RawFrame): { readonly taskId: string; readonly fencingToken: number } {
  return { taskId: frame[1] as string, fencingToken: frame[2] as number };
}

function refOf({ fencingToken, taskId }: Lease): AttemptRef {
  return [taskId, fencingToken];
}

function stoppedError(): OrchestratorError {
  return new OrchestratorError('AGENT_STOPPED', 'an agent must not be stopped to serve');
}

function writeError({ code, message }: OrchestratorError): void {
  process.stderr.write(`${JSON.stringify({ level: 'error', message, code })}\n`);
}
