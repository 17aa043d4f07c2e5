/** The server's end of `/agents/connect`: one connection, many agents. */
import type { WebSocket } from 'ws';
import { isOrchestratorError, messageOf, OrchestratorError } from '../../base/errors.ts';
import {
  amountsOf,
  CHANNEL_VERSION,
  CHUNK_MAX,
  checkRegisterAgents,
  checkUsage,
  DETAILS_MAX,
  frameSlices,
  INPUT_TEXT_MAX,
  InvalidRequestError,
  isInputKey,
  readPrompt,
  type AttemptReport,
  type Problem,
  type RawFrame,
  type RegisterAgent,
} from '../../contract/index.ts';
import type {
  AgentLink,
  AttemptEnd,
  Clock,
  HeldLease,
  Lease,
  OutputSource,
  Runtime,
} from '../../runtime/index.ts';
import { readEnrollment } from './enroll-frame.ts';
import {
  arrayAt,
  failuresAt,
  findTextFault,
  integerAt,
  integersAt,
  stringAt,
  stringsAt,
} from './fields.ts';
import { FrameSocket } from './frame-socket.ts';

export interface AgentChannelOptions {
  readonly runtime: Runtime;
  readonly socket: WebSocket;
  readonly resultBytesMax: number;
  readonly clock: Clock;
  readonly problemOf: (error: unknown) => Problem;
}

type TaskId = Lease['taskId'];
type AgentId = Lease['agentId'];

/** Errors after which the same report may be taken a little later. */
const PASSING_CODES = new Set(['OVERLOADED', 'LOG_FULL']);

/** Longest bound of one attempt, in milliseconds: a year. */
const RUN_MS_MAX = 31_536_000_000;

/** Longest key of a question. */
const KEY_MAX = 255;

/** Leases an agent may say it holds: as many as the slots of several large agents. */
const HELD_MAX = 1_000_000;

export class AgentChannel implements AgentLink, OutputSource {
  readonly kind = 'channel';
  /** When anything came, on the monotonic clock. */
  #heardMs: number;
  /** Whether what comes speaks for all of its agents. */
  #speaksForAll = true;
  readonly #options: AgentChannelOptions;
  readonly #frames: FrameSocket;
  readonly #agents = new Map<AgentId, number>();
  /** The same by position, also those that another link serves now. */
  readonly #ids: AgentId[] = [];
  #leases: Lease[] = [];
  /** Shortest silence bound of its agents; after it some of them count as lost. */
  #silenceMsMax = Number.POSITIVE_INFINITY;
  #isGreeted = false;
  #incarnation = '';
  /** Leases that the other end holds for agents that it has still to enroll. */
  #held: Promise<readonly HeldLease[]> | null = null;
  #isClosed = false;

  constructor(options: AgentChannelOptions) {
    this.#options = options;
    this.#heardMs = options.clock.monotonicMs();
    this.#frames = new FrameSocket({
      socket: options.socket,
      clock: options.clock,
      problemOf: options.problemOf,
      frame: (frame) => this.#frame(frame),
      gather: () => this.#gather(),
      closed: () => this.#closed(),
    });
    options.socket.on('pong', () => this.#heard());
  }

  get lastHeardMs(): number {
    return this.#speaksForAll ? this.#heardMs : Number.NEGATIVE_INFINITY;
  }

  lease(lease: Lease): void {
    this.#leases.push(lease);
    this.#frames.wake();
  }

  revoke(_agentId: AgentId, taskId: TaskId, fencingToken: number, reason: string): void {
    // A lease that is revoked before it left must reach the agent first.
    for (const frame of this.#gather()) this.#frames.send(frame);
    this.#frames.send(['revoked', [taskId], [fencingToken], reason]);
  }

  answer({ fencingToken, taskId }: HeldLease, key: string, answer: string): void {
    this.#frames.send(['answered', taskId, fencingToken, key, answer]);
  }

  cancelRequested({ fencingToken, taskId }: HeldLease, reason: string, until: number): void {
    for (const frame of this.#gather()) this.#frames.send(frame);
    this.#frames.send(['cancel_requested', taskId, fencingToken, reason, until]);
  }

  /** What was gathered leaves with the next message, together with the answers of this turn. */
  flush(): void {
    this.#frames.wake();
  }

  replaced(agentId: AgentId): void {
    this.#agents.delete(agentId);
    this.#frames.send(['problem', this.#options.problemOf(replacedError(agentId))]);
    if (this.#agents.size === 0) this.#frames.close(1008, 'replaced');
  }

  /** Ends the connection because the server stops; agents come back when it is there again. */
  close(): void {
    this.#frames.close(1001, 'the server stops');
  }

  /** Leases since the last message; one frame of all could be larger than what the agent accepts. */
  #gather(): readonly RawFrame[] {
    if (this.#leases.length === 0) return [];
    const leases = this.#leases;
    this.#leases = [];
    return frameSlices(leases, ({ payload }) => payload.length).map((slice) =>
      this.#leasesFrame(slice),
    );
  }

  #leasesFrame(leases: readonly Lease[]): RawFrame {
    const types = new Map<string, number>();
    const typeOf = leases.map(({ type }) => {
      const known = types.get(type) ?? types.size;
      types.set(type, known);
      return known;
    });
    return [
      'leases',
      [...types.keys()],
      leases.map((lease) => this.#agents.get(lease.agentId) ?? 0),
      leases.map((lease) => lease.taskId),
      leases.map((lease) => lease.fencingToken),
      leases.map((lease) => lease.attempt),
      typeOf,
      leases.map((lease) => lease.payload),
      leases.map((lease) => lease.runUntil),
      leases.some(({ extra }) => extra !== null) ? leases.map(({ extra }) => extra) : null,
    ];
  }

  #frame(frame: RawFrame): Promise<void> | void {
    const { runtime } = this.#options;
    this.#heard();
    if (frame[0] === 'hello') return this.#hello(frame[1]);
    if (this.#agents.size === 0) throw new InvalidRequestError('', 'must begin with a hello frame');
    switch (frame[0]) {
      case 'report':
        return this.#report(frame);
      case 'beat':
        return frame[1] == null ? undefined : this.#beats(frame[1]);
      case 'enroll':
        return this.#enroll(frame);
      case 'progress':
        return this.#progress(frame);
      case 'emit':
        return this.#emit(frame);
      case 'details':
        return this.#details(frame);
      case 'ask':
        return this.#ask(frame);
      case 'extend':
        return this.#extend(frame);
      case 'release':
        return runtime.agents.release(refsOf(frame), stringAt(frame[3], '/release/3', 200));
      case 'drain':
        return this.#eachAgent((agentId) => runtime.agents.drain(agentId));
      case 'leave':
        return this.#leave();
      default:
        throw new InvalidRequestError(
          '',
          `must be a known frame, got ${JSON.stringify(frame[0].slice(0, 40))}`,
        );
    }
  }

  /**
   * Hears of the other end. After a silence for which agents were given up, the connection must begin
   * anew: only a hello says what they still hold.
   */
  #heard(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const silentMs = nowMs - this.#heardMs;
    this.#heardMs = nowMs;
    if (silentMs > this.#silenceMsMax) this.#frames.close(1001, 'silent for too long');
  }

  #closed(): void {
    this.#isClosed = true;
    void this.#options.runtime.agents.disconnect(this, [...this.#agents.keys()]);
  }

  async #hello(value: unknown): Promise<void> {
    if (this.#isGreeted) throw new InvalidRequestError('/hello', 'must be said once');
    this.#isGreeted = true;
    const hello = (typeof value === 'object' && value !== null ? value : {}) as Record<
      string,
      unknown
    >;
    if (hello['version'] !== CHANNEL_VERSION) {
      throw new OrchestratorError(
        'CHANNEL_VERSION',
        `the channel's version must be ${CHANNEL_VERSION}, got ${String(hello['version'])}`,
      );
    }
    const incarnation = stringAt(hello['incarnation'], '/hello/incarnation', 100);
    const agents = hello['agents'];
    checkRegisterAgents(agents, '/hello/agents');
    if (agents.length === 0) throw new InvalidRequestError('/hello/agents', 'must name an agent');
    const held = arrayAt(hello['held'], '/hello/held', HELD_MAX).map((item, i): HeldLease => {
      const [taskId, token] = arrayAt(item, `/hello/held/${i}`);
      const fencingToken = integerAt(token, `/hello/held/${i}/1`);
      return { taskId: stringAt(taskId, `/hello/held/${i}/0`, 64) as TaskId, fencingToken };
    });
    this.#speaksForAll = speaksForAll(hello['presence']);
    this.#incarnation = incarnation;
    this.#seat(agents);
    const { runtime } = this.#options;
    await runtime.agents.register(agents, incarnation);
    this.#frames.send(['welcome', this.#silenceMsMax]);
    const connected = runtime.agents.connect(this, agents, incarnation, held);
    if (held.length > 0) this.#held = connected;
    await connected;
    // It may have gone while its registration was on its way to the disk.
    if (this.#isClosed) this.#closed();
  }

  async #enroll(frame: RawFrame): Promise<void> {
    const { agents, sequence } = readEnrollment(frame);
    const again = agents.find(({ id }) => this.#agents.has(id as AgentId));
    if (again !== undefined) {
      throw new InvalidRequestError('/enroll/3', `must name other agents, got ${again.id}`);
    }
    this.#seat(agents);
    const connect = (held: readonly HeldLease[]): Promise<readonly HeldLease[]> =>
      this.#options.runtime.agents.connect(this, agents, this.#incarnation, held);
    const connected = this.#held === null ? connect([]) : this.#held.then(connect);
    // One after the other, as each may be the one that holds what is left.
    if (this.#held !== null) this.#held = connected;
    await connected;
    if (this.#isClosed) this.#closed();
    else this.#frames.send(['enrolled', sequence]);
  }

  /** Gives agents their positions on this connection. */
  #seat(agents: readonly RegisterAgent[]): void {
    for (const { heartbeatMs = 30_000, id } of agents) {
      this.#agents.set(id as AgentId, this.#ids.length);
      this.#ids.push(id as AgentId);
      this.#silenceMsMax = Math.min(this.#silenceMsMax, heartbeatMs);
    }
  }

  #beats(value: unknown): Promise<void> {
    const bounds = { length: arrayAt(value, '/beat/1').length, max: this.#ids.length - 1 };
    const heard = integersAt(value, '/beat/1', bounds).map((at) => this.#ids[at] as AgentId);
    return this.#options.runtime.agents.heard(this, heard);
  }

  #report(frame: RawFrame): Promise<void> {
    const sequence = integerAt(frame[1], '/report/1');
    const taskIds = stringsAt(frame[2], '/report/2');
    const bounds = { length: taskIds.length, max: Number.MAX_SAFE_INTEGER };
    const tokens = integersAt(frame[3], '/report/3', bounds);
    const results = stringsAt(frame[4], '/report/4');
    if (results.length !== taskIds.length) {
      throw new InvalidRequestError(
        '/report/4',
        `must have ${taskIds.length} items, got ${results.length}`,
      );
    }
    const ends = taskIds.map((taskId, i): AttemptEnd => ({
      taskId: taskId as TaskId,
      fencingToken: tokens[i] as number,
      report: this.#reportOf(results[i] as string),
    }));
    for (const failure of failuresAt(frame[5], '/report/5')) {
      const [taskId, fencingToken, code, message, retryable, retryAfterMs, hint, blamed] = failure;
      const critique = hint == null ? {} : { critique: hint };
      const rare = blamed == null ? critique : { ...critique, downstream: blamed };
      const report = { ok: false, code, message, retryable, retryAfterMs, ...rare } as const;
      ends.push({ taskId: taskId as TaskId, fencingToken, report });
    }
    return this.#take(sequence, frame[6] === undefined ? ends : withUsages(ends, frame[6]));
  }

  /** A result that cannot be kept ends its task: another attempt would only bring it again. */
  #reportOf(result: string): AttemptReport {
    const fault = findTextFault(result, this.#options.resultBytesMax);
    if (fault === null) return { ok: true, result };
    const { code, message, path } = fault;
    const text = `the result ${path}${path === '' ? '' : ' '}${message}`;
    return { ok: false, code, message: text, retryable: false, retryAfterMs: 0 };
  }

  async #take(sequence: number, ends: readonly AttemptEnd[]): Promise<void> {
    try {
      const answers = await this.#options.runtime.agents.report(ends);
      const refused: [number, string][] = [];
      for (const [position, error] of answers.entries()) {
        if (error !== null) refused.push([position, error.code]);
      }
      this.#frames.send(['reported', sequence, refused.length === 0 ? null : refused]);
    } catch (error) {
      if (!isOrchestratorError(error) || !PASSING_CODES.has(error.code)) throw error;
      this.#frames.send(['deferred', sequence, error.code, 1_000]);
    }
  }

  #progress(frame: RawFrame): void {
    const ref = refOf(frame, 'progress');
    const [fraction, note] = [frame[3], frame[4]];
    const isShare = typeof fraction === 'number' && 0 <= fraction && fraction <= 1;
    if (fraction !== null && !isShare)
      throw new InvalidRequestError('/progress/3', 'must be in 0..1 or null');
    const text = note === null ? null : stringAt(note, '/progress/4', 1_000);
    this.#options.runtime.agents.progress(ref, fraction, text);
  }

  #emit(frame: RawFrame): void {
    const ref = refOf(frame, 'emit');
    const ordinal = frame[4] == null ? null : integerAt(frame[4], '/emit/4');
    let chunk: string;
    try {
      chunk = jsonTextAt(frame[3], '/emit/3', CHUNK_MAX);
    } catch (error) {
      // A handler's slip must not cost its connection, and with it all that runs beside it.
      this.refused(ref, chunkError(error));
      return;
    }
    try {
      const isTaken = this.#options.runtime.agents.emit(ref, chunk, ordinal, this);
      if (!isTaken && ordinal !== null) this.refused(ref, fencedError(ref));
    } catch (error) {
      if (!isOrchestratorError(error)) throw error;
      this.refused(ref, error);
    }
  }

  taken({ fencingToken, taskId }: HeldLease, upTo: number): void {
    if (!this.#isClosed) this.#frames.send(['emitted', taskId, fencingToken, upTo]);
  }

  refused({ fencingToken, taskId }: HeldLease, error: OrchestratorError): void {
    if (this.#isClosed) return;
    this.#frames.send(['emit_refused', taskId, fencingToken, this.#options.problemOf(error)]);
  }

  #details(frame: RawFrame): void {
    const details = jsonTextAt(frame[3], '/details/3', DETAILS_MAX);
    this.#options.runtime.agents.details(refOf(frame, 'details'), details);
  }

  /** Asks again after a reconnect are answered at once if the answer came meanwhile. */
  async #ask(frame: RawFrame): Promise<void> {
    const ref = refOf(frame, 'ask');
    const key = stringAt(frame[3], '/ask/3', KEY_MAX);
    if (!isInputKey(key)) throw new InvalidRequestError('/ask/3', 'must be a key');
    const text = jsonTextAt(frame[4], '/ask/4', INPUT_TEXT_MAX);
    try {
      const prompt = { ...readPrompt(JSON.parse(text)), key };
      const { answer } = await this.#options.runtime.inputs.ask(ref, prompt);
      if (answer !== null) this.answer(ref, key, answer.answer);
    } catch (error) {
      if (!isOrchestratorError(error)) throw error;
      const problem = this.#options.problemOf(error);
      this.#frames.send(['ask_refused', ref.taskId, ref.fencingToken, key, problem]);
    }
  }

  async #extend(frame: RawFrame): Promise<void> {
    const ref = refOf(frame, 'extend');
    const runMs = integerAt(frame[3], '/extend/3', RUN_MS_MAX);
    try {
      await this.#options.runtime.agents.extend(ref, runMs);
    } catch (error) {
      if (!isOrchestratorError(error)) throw error;
      // Not taken for now is no reason to stop: the attempt goes on under its old bound.
      if (PASSING_CODES.has(error.code)) return;
      this.#frames.send(['revoked', [ref.taskId], [ref.fencingToken], error.code.toLowerCase()]);
    }
  }

  async #leave(): Promise<void> {
    const { agents } = this.#options.runtime;
    const agentIds = [...this.#agents.keys()];
    // No longer served by this link: it need not hear that they are gone.
    await agents.disconnect(this, agentIds);
    await Promise.all(agentIds.map((agentId) => agents.remove(agentId)));
    this.#agents.clear();
    this.#frames.send(['left']);
  }

  async #eachAgent(act: (agentId: AgentId) => Promise<void>): Promise<void> {
    await Promise.all([...this.#agents.keys()].map((agentId) => act(agentId)));
  }
}

function speaksForAll(presence: unknown): boolean {
  if (presence === undefined || presence === 'connection') return true;
  if (presence === 'agent') return false;
  throw new InvalidRequestError('/hello/presence', 'must be connection or agent');
}

function refOf(frame: RawFrame, name: string): HeldLease {
  return {
    taskId: stringAt(frame[1], `/${name}/1`, 64) as TaskId,
    fencingToken: integerAt(frame[2], `/${name}/2`),
  };
}

/** JSON text of a sane shape, of at most so many UTF-16 units. */
function jsonTextAt(value: unknown, path: string, lengthMax: number): string {
  const text = stringAt(value, path, lengthMax);
  // UTF-8 takes at most three bytes for each of them.
  const fault = findTextFault(text, 3 * lengthMax);
  if (fault !== null) throw new InvalidRequestError(`${path}${fault.path}`, fault.message);
  return text;
}

function refsOf(frame: RawFrame): { taskId: TaskId; fencingToken: number }[] {
  const taskIds = stringsAt(frame[1], '/release/1');
  const bounds = { length: taskIds.length, max: Number.MAX_SAFE_INTEGER };
  const tokens = integersAt(frame[2], '/release/2', bounds);
  return taskIds.map((taskId, i) => ({
    taskId: taskId as TaskId,
    fencingToken: tokens[i] as number,
  }));
}

function chunkError(cause: unknown): OrchestratorError {
  return new OrchestratorError('CHUNK_INVALID', messageOf(cause), { path: '/chunk' }, { cause });
}

function fencedError({ fencingToken, taskId }: HeldLease): OrchestratorError {
  return new OrchestratorError(
    'LEASE_FENCED',
    `the attempt must still be the newest and running, got token ${fencingToken}`,
    { taskId, fencingToken },
  );
}

function replacedError(agentId: string): OrchestratorError {
  return new OrchestratorError(
    'AGENT_REPLACED',
    `agent ${agentId} is served by another connection or was removed`,
    { agentId },
  );
}

function withUsages(ends: readonly AttemptEnd[], value: unknown): readonly AttemptEnd[] {
  const usages = arrayAt(value, '/report/6');
  return ends.map((end, i) => {
    const usage = usages[i] ?? null;
    if (usage === null) return end;
    checkUsage(usage, `/report/6/${i}`);
    return { ...end, report: { ...end.report, usage: amountsOf(usage) } };
  });
}
