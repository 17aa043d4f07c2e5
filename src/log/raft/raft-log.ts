/**
 * One node of a log that a quorum keeps: the shell of a Raft core.
 *
 *   append ─▶ core ─▶ journal (fsync) ∥ peers ─▶ quorum ─▶ state machine ─▶ append resolves
 *
 * Invariants, beyond those of the core and the journal
 *   S1  commands reach the state machine in log order, each once, and before their appends resolve
 *   S2  an index told to callers counts commands alone: it is the same on every node, whatever leaders came and went
 *   S3  after a failure nothing is told as committed, sent or written any more; the data stay as they are
 */
import { messageOf, OrchestratorError } from '../../base/errors.ts';
import { invariant } from '../../base/invariant.ts';
import {
  type MemberChange,
  type NodeId,
  type RaftProtocol,
  type RaftSettings,
} from '../../consensus/index.ts';
import type { LogEntry, LogRecovery } from '../replicated-log.ts';
import type { ClusterLog, ClusterStatus, RoleView } from './cluster-log.ts';
import { clusterStatus } from './cluster-status.ts';
import { CommittedDelivery, type AppliedPosition } from './committed-delivery.ts';
import { ConfigurationInForce } from './configuration-in-force.ts';
import type { Journal } from './journal/journal.ts';
import { ForwardedRequests } from './forwarded-requests.ts';
import { LeadershipTransfer } from './leadership-transfer.ts';
import { PeerDirectory } from './peer-directory.ts';
import { PeerTraffic } from './peer-traffic.ts';
import { PendingProposals } from './pending-proposals.ts';
import {
  coreFailedError,
  droppedError,
  leadershipLostError,
  notLeaderError,
  raftClosedError,
  raftFailedError,
  readRefusedError,
  tooLargeError,
} from './raft-errors.ts';
import { Questions } from './questions.ts';
import { RaftDriver, type DiskNotice, type RaftNotice } from './raft-driver.ts';
import type { RaftLogOptions } from './raft-log-options.ts';
import { readCommitted } from './read-committed.ts';
import {
  SILENT_SHELL_LOGGER,
  systemShellClock,
  type ShellClock,
  type ShellLogger,
} from './shell-ports.ts';
import type { SnapshotDepot } from './snapshot-depot.ts';
import { SnapshotKeeper } from './snapshot-keeper.ts';
import { Waits } from './waits.ts';

const SNAPSHOT_EVERY_ENTRIES = 10_000;

export interface RaftLogParts {
  readonly options: RaftLogOptions;
  readonly settings: RaftSettings;
  readonly core: RaftProtocol;
  readonly journal: Journal;
  readonly depot: SnapshotDepot;
  readonly applied: AppliedPosition;
}

export class RaftLog implements ClusterLog {
  readonly failed: Promise<Error>;
  readonly #parts: RaftLogParts;
  readonly #clock: ShellClock;
  readonly #logger: ShellLogger;
  readonly #driver: RaftDriver;
  readonly #directory: PeerDirectory;
  readonly #delivery: CommittedDelivery;
  readonly #snapshots: SnapshotKeeper;
  readonly #traffic: PeerTraffic;
  readonly #forwarding: ForwardedRequests;
  readonly #configuration: ConfigurationInForce;
  readonly #proposals = new PendingProposals();
  readonly #waits = new Waits();
  readonly #questions = new Questions();
  readonly #transfer = new LeadershipTransfer();
  readonly #resolveFailed: (error: Error) => void;
  #role: RoleView = { role: 'follower', term: 0, leader: null, isTermReady: false };
  #recovery: LogRecovery;
  #failure: OrchestratorError | null = null;
  #closing: Promise<void> | null = null;
  #isHalted = false;

  constructor(parts: RaftLogParts) {
    this.#parts = parts;
    const { applied, core, depot, journal, options } = parts;
    this.#clock = options.clock ?? systemShellClock;
    this.#logger = options.logger ?? SILENT_SHELL_LOGGER;
    const failed = Promise.withResolvers<Error>();
    this.failed = failed.promise;
    this.#resolveFailed = failed.resolve;
    this.#recovery = this.#recoveryThrough(applied.commands);
    this.#delivery = new CommittedDelivery({
      sink: options.sink ?? null,
      proposals: this.#proposals,
      from: applied,
      onApplied: ({ logIndex: index }) => {
        this.#driver.submit({ kind: 'applied', index });
        this.#configuration.applied();
        this.#waits.look();
      },
      onRestarted: () => {
        this.#configuration.applied();
        this.#waits.look();
      },
      onFailed: (error) => this.#fail(error),
    });
    this.#configuration = new ConfigurationInForce({
      core,
      appliedIndex: () => this.#delivery.applied.logIndex,
      onChange: (members, isCommitted) => this.#directory.configure(members, isCommitted),
    });
    this.#driver = new RaftDriver({
      core,
      journal,
      clock: this.#clock,
      tickMs: options.tickMs ?? 5,
      send: (to, message) => this.#traffic.send(to, message),
      onNotice: (notice) => this.#take(notice),
      onBroken: (error) => this.#fail(error),
      onJournalFailed: (error) => this.#fail(error),
    });
    this.#snapshots = new SnapshotKeeper({
      core,
      journal,
      depot,
      delivery: this.#delivery,
      provider: options.snapshots ?? null,
      submit: (input) => this.#driver.submit(input),
      onStep: (step) => options.measures?.snapshot(step),
      logger: this.#logger,
      everyEntries: options.snapshotEveryEntries ?? SNAPSHOT_EVERY_ENTRIES,
    });
    this.#directory = new PeerDirectory({
      options,
      journal,
      clock: this.#clock,
      logger: this.#logger,
      onFrame: (from, kind, payload) => this.#traffic.receive(from, kind, payload),
      onRequest: (from, kind, body) => this.#forwarding.answer(from, kind, body),
      onUnreachable: (nodeId) => this.#driver.submit({ kind: 'peerUnreachable', nodeId }),
      onGone: (nodeId) => this.#driver.submit({ kind: 'peerGone', nodeId }),
      onFailed: (error) => this.#fail(error),
    });
    this.#traffic = this.#makeTraffic();
    this.#forwarding = this.#makeForwarding();
  }

  /** Listens for peers and takes part from now on. Called once, by opening. */
  async start(): Promise<void> {
    const { configuration, isCommitted } = this.#configuration;
    await this.#directory.open(configuration, isCommitted);
    this.#driver.start();
  }

  /** What opening found, as far as it was known to be committed then; once this node has led, all of it. */
  get recovery(): LogRecovery {
    return this.#recovery;
  }

  /** Newest command that the state machine was given. */
  get lastIndex(): number {
    return this.#delivery.applied.commands;
  }

  get role(): RoleView {
    return this.#role;
  }

  /** `host:port` where peers reach this node. */
  get address(): string {
    return this.#directory.address;
  }

  append(body: Uint8Array, term: number = this.#role.term): Promise<number> {
    const refusal = this.#refusal();
    if (refusal !== null) return Promise.reject(refusal);
    const { proposalBytesMax } = this.#parts.settings;
    if (body.length > proposalBytesMax) {
      return Promise.reject(tooLargeError(body.length, proposalBytesMax));
    }
    const { leader, role } = this.#role;
    if (role !== 'leader') return Promise.reject(notLeaderError(leader));
    const sinceMs = this.#clock.monotonicMs();
    return new Promise((resolve, reject) => {
      const resolved = (index: number): void => {
        this.#parts.options.measures?.committed(this.#clock.monotonicMs() - sinceMs);
        resolve(index);
      };
      const proposalId = this.#proposals.add({ resolve: resolved, reject });
      this.#driver.submit({ kind: 'propose', term, proposals: [{ proposalId, body }] });
    });
  }

  read(afterIndex: number): AsyncGenerator<LogEntry, void> {
    return readCommitted({
      journal: this.#parts.journal,
      afterIndex,
      throughIndex: this.#readableIndex,
      assertOpen: () => {
        if (this.#closing !== null) throw raftClosedError();
      },
    });
  }

  releaseThrough(index: number): Promise<void> {
    const refusal = this.#refusal();
    if (refusal !== null) return Promise.reject(refusal);
    const { positions } = this.#parts.journal;
    const bounded = Math.min(index, this.#readableIndex);
    if (bounded <= positions.baseCommands) return Promise.resolve();
    return this.#snapshots.releaseThrough(positions.indexOfCommand(bounded));
  }

  /**
   * Resolves once this node leads and its state machine has everything that was committed before.
   *
   * @throws OrchestratorError `LOG_FAILED`, `LOG_CLOSED`
   */
  async ready(): Promise<RoleView> {
    const refusal = this.#refusal();
    if (refusal !== null) throw refusal;
    const { core } = this.#parts;
    await this.#waits.until(
      () => this.#role.isTermReady && this.#delivery.applied.logIndex >= core.inspect().commitIndex,
      false,
    );
    this.#recovery = this.#recoveryThrough(this.lastIndex);
    return this.#role;
  }

  /** Resolves once `isSo` is true of the role; for tests and for those who wait for a leader. */
  async roleWhere(isSo: (role: RoleView) => boolean): Promise<RoleView> {
    await this.#waits.until(() => isSo(this.#role), false);
    return this.#role;
  }

  /** Resolves once the state machine was given the command at `index`. */
  async appliedThrough(index: number): Promise<void> {
    await this.#waits.until(() => this.lastIndex >= index, false);
  }

  async readBarrier(): Promise<number> {
    const logIndex = await this.#ask((readId) =>
      this.#driver.submit({ kind: 'read', readId, mode: 'readIndex' }),
    );
    await this.#waits.until(() => this.#delivery.applied.logIndex >= logIndex, false);
    return this.lastIndex;
  }

  async transfer(to: NodeId): Promise<void> {
    const refusal = this.#refusal();
    if (refusal !== null) throw refusal;
    if (this.#role.role !== 'leader') throw notLeaderError(this.#role.leader);
    await this.#transfer.begin(to, () => this.#driver.submit({ kind: 'transfer', to }));
  }

  async changeMembership(
    changes: readonly MemberChange[],
    addresses: Readonly<Record<NodeId, string>> = {},
  ): Promise<void> {
    this.#directory.learn(addresses);
    const index = await this.#ask((changeId) =>
      this.#driver.submit({ kind: 'changeMembership', changeId, changes, isAutoLeave: true }),
    );
    const isOver = (): boolean => this.#configuration.isChangeOver(index);
    if (isOver()) return;
    if (this.#role.role !== 'leader') throw leadershipLostError();
    await this.#waits.until(isOver, true);
  }

  async forward(kind: number, body: Uint8Array): Promise<Uint8Array> {
    const refusal = this.#refusal();
    if (refusal !== null) throw refusal;
    return this.#forwarding.ask(kind, body);
  }

  async ask(to: NodeId, kind: number, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const refusal = this.#refusal();
    if (refusal !== null) throw refusal;
    return this.#directory.request(to, { kind, body, timeoutMs });
  }

  offerDigest(index: number, digest: Uint8Array): void {
    if (this.#failure === null) this.#traffic.offerDigest(index, digest);
  }

  status(): ClusterStatus {
    const { core, journal, options } = this.#parts;
    invariant(journal.identity.nodeId === options.nodeId, 'a journal belongs to its node');
    return clusterStatus({
      raft: core.inspect(),
      role: this.#role,
      journal,
      address: this.address,
      appliedIndex: this.lastIndex,
      isRemoved: this.#directory.isRemoved,
      members: this.#directory.members(this.#configuration.configuration),
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Stops as a crash would, at once and without a last write; folder and port are free when this resolves. */
  async halt(): Promise<void> {
    this.#closing ??= Promise.resolve();
    await this.#shut(false);
  }

  /** A snapshot was installed a moment before the log begins behind it: until then there is less to read than to tell. */
  get #readableIndex(): number {
    return Math.min(this.lastIndex, this.#parts.journal.positions.lastCommands);
  }

  get #isClosed(): boolean {
    return this.#closing !== null;
  }

  async #close(): Promise<void> {
    if (this.#failure === null && !this.#isHalted) {
      const timeout = Promise.withResolvers<void>();
      const timeoutMs = this.#parts.options.closeTimeoutMs ?? 5_000;
      const cancel = this.#clock.setTimer(timeoutMs, timeout.resolve);
      await Promise.race([this.#proposals.settled(), timeout.promise, this.failed]);
      cancel();
    }
    await this.#shut(true);
  }

  async #shut(isFlushed: boolean): Promise<void> {
    const wasHalted = this.#isHalted;
    this.#isHalted = true;
    this.#driver.stop();
    this.#delivery.stop();
    this.#rejectAll(this.#failure ?? raftClosedError());
    await this.#directory.close();
    if (wasHalted) return;
    if (isFlushed) await this.#snapshots.idle();
    await this.#parts.depot.close();
    await this.#parts.journal.close(isFlushed);
  }

  #makeTraffic(): PeerTraffic {
    const { clusterId, nodeId } = this.#parts.options;
    return new PeerTraffic({
      clusterId,
      nodeId,
      directory: this.#directory,
      voters: () => this.#configuration.configuration.voters,
      onMessage: (from, message) => this.#driver.submit({ kind: 'receive', from, message }),
      onOdd: (error) => this.#fail(error),
      logger: this.#logger,
    });
  }

  #makeForwarding(): ForwardedRequests {
    const { forwardTimeoutMs, nodeId, onForwarded } = this.#parts.options;
    return new ForwardedRequests({
      nodeId,
      directory: this.#directory,
      role: () => this.#role,
      handler: onForwarded ?? null,
      timeoutMs: forwardTimeoutMs ?? 10_000,
    });
  }

  #refusal(): OrchestratorError | null {
    if (this.#failure !== null) return this.#failure;
    return this.#isClosed ? raftClosedError() : null;
  }

  #recoveryThrough(lastIndex: number): LogRecovery {
    const { journal } = this.#parts;
    const firstIndex = journal.positions.baseCommands + 1;
    return { firstIndex, lastIndex, tornBytes: journal.tornBytes };
  }

  #ask(submit: (id: number) => void): Promise<number> {
    const refusal = this.#refusal();
    return refusal === null ? this.#questions.ask(submit) : Promise.reject(refusal);
  }

  #take(notice: RaftNotice): void {
    switch (notice.kind) {
      case 'apply':
        this.#delivery.deliver(notice.entries);
        return;
      case 'proposalAccepted':
        this.#proposals.accepted(notice.proposalId, notice.index, notice.term);
        return;
      case 'proposalDropped':
        this.#proposals.dropped(notice.proposalId, droppedError(notice.reason, notice.leader));
        return;
      case 'readReady':
        this.#questions.answer(notice.readId, notice.index);
        return;
      case 'readRefused':
        this.#questions.refuse(notice.readId, readRefusedError(notice.reason, notice.leader));
        return;
      case 'membershipAccepted':
        this.#questions.answer(notice.changeId, notice.index);
        return;
      case 'membershipRefused':
        this.#questions.refuse(notice.changeId, new OrchestratorError(notice.code, notice.message));
        return;
      case 'transferAborted':
        this.#transfer.aborted(notice.to, notice.reason);
        return;
      case 'role':
        this.#changeRole(notice);
        return;
      default:
        this.#takeFromDisk(notice);
    }
  }

  #takeFromDisk(notice: DiskNotice): void {
    const { journal } = this.#parts;
    switch (notice.kind) {
      case 'configuration':
        this.#configuration.take(notice.configuration, notice.index);
        return;
      case 'readEntries': {
        const { bytesMax, from, requestId, to } = notice;
        journal.read(from, to, bytesMax).then(
          (entries) => this.#driver.submit({ kind: 'entriesRead', requestId, entries }),
          (error: unknown) => this.#fail(error),
        );
        return;
      }
      case 'compact':
        journal.compact(notice.base).catch((error: unknown) => this.#fail(error));
        return;
      case 'peerFault':
        this.#logger.warn('a peer sent what no correct node sends', {
          peer: notice.nodeId,
          what: notice.message,
        });
        return;
      case 'failed':
        this.#fail(coreFailedError(notice.code, notice.message));
        return;
      default:
        this.#snapshots.take(notice);
    }
  }

  #changeRole({ isTermReady, leader, role, term }: RoleView): void {
    const before = this.#role;
    this.#role = { role, term, leader, isTermReady };
    this.#countElection(before);
    if (before.role === 'leader' && (role !== 'leader' || term !== before.term)) {
      // Who stops leading within its term, as a leader that was removed does, keeps what is committed.
      const hasKept = term === before.term;
      if (hasKept) this.#waits.look();
      const { commitIndex } = this.#parts.core.inspect();
      this.#proposals.loseAccepted(leadershipLostError(), hasKept ? commitIndex : 0);
      this.#waits.reject(leadershipLostError(), true);
      this.#transfer.done();
    }
    this.#waits.look();
    this.#parts.options.onRole?.(this.#role);
  }

  #countElection({ role: before }: RoleView): void {
    const { role } = this.#role;
    const { measures } = this.#parts.options;
    if (before === 'follower' && role !== 'follower') measures?.election('started');
    if (before !== 'leader' && role === 'leader') measures?.election('won');
  }

  /** Ends all acknowledging, sending and writing, for good (S3). */
  #fail(cause: unknown): void {
    if (this.#failure !== null || this.#isHalted) return;
    this.#failure = raftFailedError(cause);
    this.#logger.error('this node failed and stopped', { error: messageOf(cause) });
    this.#driver.stop();
    this.#delivery.stop();
    this.#role = { ...this.#role, role: 'failed', leader: null, isTermReady: false };
    this.#rejectAll(this.#failure);
    void this.#directory.close();
    this.#resolveFailed(this.#failure);
    this.#parts.options.onRole?.(this.#role);
  }

  #rejectAll(error: OrchestratorError): void {
    this.#proposals.rejectAll(error);
    this.#waits.reject(error, false);
    this.#questions.refuseAll(error);
    this.#transfer.reject(error);
  }
}
