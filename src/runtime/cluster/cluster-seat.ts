/**
 * A runtime on a log that a quorum keeps: follows, and leads when this node is elected.
 *
 *   committed entries ─▶ sink ─▶ runtime.take ─▶ core, store, mirrors
 *   role of the log   ─▶ lead() once all before it is applied · stepDown() the moment it is lost
 *
 * Invariants
 *   N1  the runtime takes work only in the term in which the log lets it append
 *   N2  every committed entry is applied here once, in order, whoever appended it
 */
import { join } from 'node:path';
import { messageOf, OrchestratorError } from '../../base/errors.ts';
import { invariant } from '../../base/invariant.ts';
import { createState, headDigest } from '../../core/index.ts';
import type {
  ClusterLog,
  CommittedEntry,
  RaftLog,
  RoleView,
  StateSnapshot,
} from '../../log/index.ts';
import type { Store } from '../../store/index.ts';
import { systemClock, type Clock } from '../clock.ts';
import { assembly, leadFromNow, type Ground } from '../open-runtime.ts';
import { CORE_SEED } from '../recover.ts';
import { Runtime } from '../runtime.ts';
import { SILENT_LOGGER, type RuntimeLogger } from '../runtime-logger.ts';
import { ArtifactCopier } from './artifacts/artifact-copier.ts';
import { ArtifactQuorum } from './artifacts/artifact-quorum.ts';
import type { ClusterNodeOptions } from './cluster-options.ts';
import { ClockSkew } from './clock-skew.ts';
import { ASK_ABOUT, ASK_NODE, Leadership, type About } from './leadership.ts';
import { WebhookMatch } from './webhook-match.ts';
import { systemPorts, type NodeFolder, type NodePorts } from './node-ports.ts';

/** Entries between two comparisons of states. */
const DIGEST_EVERY = 256;
/** The parts of a node while they find together. */
export class ClusterSeat {
  readonly options: ClusterNodeOptions;
  readonly clock: Clock;
  readonly logger: RuntimeLogger;
  readonly leadership: Leadership;
  readonly skew: ClockSkew;
  readonly webhooks: WebhookMatch;
  readonly #ports: NodePorts;
  readonly #folder: NodeFolder;
  readonly #opened = Promise.withResolvers<void>();
  log: RaftLog | null = null;
  runtime: Runtime | null = null;
  copier: ArtifactCopier | null = null;
  #quorum: ArtifactQuorum | null = null;
  #leader: string | null = null;
  /** The term that this node is about to lead in, once all before it is applied. */
  #comingTerm: number | null = null;

  private constructor(options: ClusterNodeOptions, ports: NodePorts, folder: NodeFolder) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.logger = options.logger ?? SILENT_LOGGER;
    this.#folder = folder;
    this.#ports = ports;
    const { nodeId } = options.cluster;
    this.leadership = new Leadership({ nodeId, clock: this.clock, log: () => this.log });
    const { clock, logger } = this;
    this.webhooks = new WebhookMatch(options.webhooks ?? {}, logger);
    this.skew = new ClockSkew({ clock, logger, ask: () => this.#askLeader() });
  }

  static async open(
    options: ClusterNodeOptions,
    ports: NodePorts = systemPorts,
  ): Promise<ClusterSeat> {
    const folder = await ports.openFolder(options, {
      clock: options.clock ?? systemClock,
      logger: options.logger ?? SILENT_LOGGER,
    });
    try {
      const seat = new ClusterSeat(options, ports, folder);
      seat.#shareArtifacts(folder.artifacts);
      await seat.#openLog();
      return seat;
    } catch (error) {
      await folder.store.close();
      folder.release();
      throw error;
    }
  }

  async #openLog(): Promise<void> {
    const { cluster, dataDir, measures, onFlush } = this.options;
    const log = await this.#ports.openLog({
      directory: join(dataDir, 'raft'),
      clusterId: cluster.clusterId,
      nodeId: cluster.nodeId,
      founders: cluster.founders,
      peers: cluster.peers,
      transport: {
        listenAddress: cluster.listenAddress,
        ...(cluster.publicAddress === undefined ? {} : { publicAddress: cluster.publicAddress }),
        ...(cluster.insecurePeers === undefined ? {} : { insecurePeers: cluster.insecurePeers }),
        ...(cluster.authentication === undefined ? {} : { authentication: cluster.authentication }),
        ...(cluster.network === undefined ? {} : { network: cluster.network }),
      },
      sink: {
        appliedIndex: this.#folder.store.appliedIndex,
        apply: (entries) => this.#apply(entries),
      },
      snapshots: { take: () => this.#folder.takeSnapshot(), install: (one) => this.#install(one) },
      onForwarded: (kind, body, from) => this.#answer(kind, body, from),
      onRole: (role) => this.#roleChanged(role),
      logger: this.logger,
      ...(cluster.settings === undefined ? {} : { settings: cluster.settings }),
      ...(cluster.segmentBytes === undefined ? {} : { segmentBytes: cluster.segmentBytes }),
      ...(cluster.snapshotEveryEntries === undefined
        ? {}
        : { snapshotEveryEntries: cluster.snapshotEveryEntries }),
      ...(measures === undefined ? {} : { measures }),
      ...(onFlush === undefined ? {} : { onFlush }),
    });
    this.log = log;
    this.runtime = new Runtime(assembly(this.#ground(this.#folder.store)));
    this.#opened.resolve();
    this.#roleChanged(log.role);
    void this.copier?.look();
  }

  async close(graceMs: number | undefined): Promise<void> {
    this.skew.close();
    await this.copier?.close();
    await this.runtime?.close(graceMs);
  }

  /** Every node gets a copy of every artifact, and one is acknowledged once a majority has it. */
  #shareArtifacts(artifacts: Ground['artifacts']): void {
    const { clock, logger, options } = this;
    const ask: ClusterLog['ask'] = (...question) => {
      if (this.log !== null) return this.log.ask(...question);
      const message = 'this node must take part to ask another one';
      return Promise.reject(new OrchestratorError('PEER_UNREACHABLE', message));
    };
    this.copier = new ArtifactCopier({
      artifacts,
      clock,
      logger,
      ask,
      reachable: () => {
        const peers = this.log?.status().peers ?? [];
        return peers.filter(({ isReachable }) => isReachable).map(({ nodeId }) => nodeId);
      },
      isWanted: (facts) => this.runtime?.artifacts.isWanted(facts) === true,
      onCopied: () => this.runtime?.artifacts.watch(),
      onOutcome: (outcome) => options.measures?.artifactCopied(outcome),
    });
    const { artifactWaitMsMax, nodeId } = options.cluster;
    const voters = (): readonly (readonly string[])[] => {
      const configuration = this.log?.status().configuration;
      return configuration === undefined
        ? [[]]
        : [configuration.voters, configuration.votersOutgoing];
    };
    const patience = artifactWaitMsMax === undefined ? {} : { waitMsMax: artifactWaitMsMax };
    this.#quorum = new ArtifactQuorum({ nodeId, clock, voters, ask, ...patience });
  }

  #ground(store: Store): Ground {
    const { log } = this;
    invariant(log !== null, 'a ground has a log');
    const { artifacts, copyTo, directory } = this.#folder;
    return {
      kind: 'raft',
      directory,
      log,
      store,
      artifacts,
      copyStore: copyTo,
      release: () => this.#folder.release(),
      terms: this.options,
      clock: this.clock,
      logger: this.logger,
      state: store.restore() ?? createState(CORE_SEED),
      artifactKept: async (facts) => await this.#quorum?.reached(facts),
    };
  }

  #apply(entries: readonly CommittedEntry[], from = 0): Promise<void> | void {
    const { runtime } = this;
    if (runtime === null) return this.#opened.promise.then(() => this.#apply(entries, from));
    for (let next = from; next < entries.length; next++) {
      const entry = entries[next] as CommittedEntry;
      const pause = runtime.take(entry);
      if (entry.index % DIGEST_EVERY === 0) this.#compare(entry.index);
      if (pause !== null) return pause.then(() => this.#apply(entries, next + 1));
    }
  }

  #compare(index: number): void {
    const { log, runtime } = this;
    if (log === null || runtime === null) return;
    log.offerDigest(index, Buffer.from(headDigest(runtime.observed.state), 'hex'));
  }

  async #install({ chunks }: StateSnapshot): Promise<void> {
    const before = this.#folder.store;
    const store = await this.#folder.replace(chunks);
    this.runtime?.restart(assembly(this.#ground(store)));
    await this.#folder.forget(before);
  }

  /** Who leads, where that is another node. */
  get #otherLeader(): string | null {
    const leader = this.log?.role.leader ?? null;
    return leader === this.options.cluster.nodeId ? null : leader;
  }

  async #askLeader(): Promise<About | null> {
    const leader = this.#otherLeader;
    const about = leader === null ? null : await this.leadership.ask();
    // An answer of who led when it was asked for says nothing of who leads now.
    const isCurrent = leader !== null && leader === this.#otherLeader;
    this.webhooks.compare(isCurrent ? (about?.webhooks ?? null) : null);
    return isCurrent ? about : null;
  }

  #answer(kind: number, body: Uint8Array, from: string): Promise<Uint8Array> {
    const ofArtifacts = this.copier?.answer(from, kind, body) ?? null;
    if (ofArtifacts !== null) return ofArtifacts;
    if (kind === ASK_ABOUT || kind === ASK_NODE) {
      const about: About = {
        url: this.options.apiUrl() ?? '',
        nowMs: this.clock.now(),
        webhooks: this.webhooks.proof(),
      };
      return Promise.resolve(Buffer.from(JSON.stringify(about)));
    }
    const message = `a question between nodes must be of a known kind, got ${kind}`;
    return Promise.reject(new OrchestratorError('QUESTION_UNKNOWN', message, { kind }));
  }

  #roleChanged({ isTermReady, leader, role, term }: RoleView): void {
    const { leadership, runtime } = this;
    if (runtime === null) return;
    const ours = leadership.term;
    if (ours !== null && (role !== 'leader' || term !== ours)) {
      leadership.term = null;
      runtime.stepDown();
      this.logger.info('this node leads no more', { term, leader });
    }
    if (role === 'leader' && isTermReady && leadership.term === null && this.#comingTerm !== term) {
      this.#comingTerm = term;
      void this.#leadOnceReady(term, runtime);
    }
    if (leader !== this.#leader || ours !== leadership.term) {
      this.options.onLeaderChanged?.();
      void this.skew.look();
    }
    this.#leader = leader;
    leadership.changed();
  }

  async #leadOnceReady(term: number, runtime: Runtime): Promise<void> {
    const { leadership, log, options } = this;
    try {
      await log?.ready();
      if (log?.role.role !== 'leader' || log.role.term !== term) return;
      const led = leadFromNow(runtime, options);
      leadership.term = term;
      await led;
      this.logger.info('this node leads', { term });
      options.onLead?.(runtime);
    } catch (error) {
      this.logger.warn('this node could not take up leading', { term, error: messageOf(error) });
    } finally {
      this.#comingTerm = null;
    }
  }
}
