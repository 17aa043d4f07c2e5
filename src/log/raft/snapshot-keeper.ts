import { messageOf, OrchestratorError } from '../../base/errors.ts';
import type { RaftInput, RaftProtocol, SnapshotMeta } from '../../consensus/index.ts';
import type { SnapshotProvider } from './cluster-log.ts';
import type { CommittedDelivery } from './committed-delivery.ts';
import { commandsOf, type Journal } from './journal/journal.ts';
import type { RaftNotice } from './raft-driver.ts';
import type { ShellLogger } from './shell-ports.ts';
import type { SnapshotDepot } from './snapshot-depot.ts';

export interface SnapshotKeeperOptions {
  readonly core: RaftProtocol;
  readonly journal: Journal;
  readonly depot: SnapshotDepot;
  readonly delivery: CommittedDelivery;
  /** Null: nodes that are too far behind cannot be helped, so nothing is ever released. */
  readonly provider: SnapshotProvider | null;
  readonly submit: (input: RaftInput) => void;
  readonly onStep: (step: 'made' | 'sent' | 'installed') => void;
  readonly logger: ShellLogger;
  /** Entries between two snapshots. */
  readonly everyEntries: number;
}

type SnapshotNotice = Extract<
  RaftNotice,
  { kind: 'readSnapshotChunk' | 'writeSnapshotChunk' | 'installSnapshot' }
>;

/** Makes snapshots of the own state, sends parts of them, takes in those of a leader. */
export class SnapshotKeeper {
  readonly #options: SnapshotKeeperOptions;
  #making: Promise<void> | null = null;
  /** Parts are read and written one after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(options: SnapshotKeeperOptions) {
    this.#options = options;
  }

  /** Makes a snapshot if the last one is old enough; entries it covers are released then. */
  releaseThrough(logIndex: number): Promise<void> {
    const { core, everyEntries, provider } = this.#options;
    if (provider === null) return Promise.resolve();
    if (logIndex - core.inspect().snapshotIndex < everyEntries) return Promise.resolve();
    this.#making ??= this.#make(provider).finally(() => {
      this.#making = null;
    });
    return this.#making;
  }

  take(notice: SnapshotNotice): void {
    const { logger, submit } = this.#options;
    const { requestId } = notice;
    this.#work = this.#work.then(async () => {
      try {
        await this.#carryOut(notice);
      } catch (error) {
        logger.error('a snapshot could not be handled', {
          what: notice.kind,
          error: messageOf(error),
        });
        if (notice.kind === 'readSnapshotChunk') {
          submit({ kind: 'snapshotChunkRead', requestId, data: null, checksum: 0, isLast: false });
        } else if (notice.kind === 'writeSnapshotChunk') {
          submit({ kind: 'snapshotChunkWritten', requestId, isWritten: false });
        } else submit({ kind: 'snapshotInstalled', requestId, isInstalled: false });
      }
    });
  }

  /** Resolves once nothing is under way. */
  async idle(): Promise<void> {
    await this.#making?.catch(() => undefined);
    await this.#work;
  }

  async #carryOut(notice: SnapshotNotice): Promise<void> {
    const { depot, submit } = this.#options;
    const { requestId } = notice;
    if (notice.kind === 'readSnapshotChunk') {
      const part = await depot.read(notice.snapshotIndex, notice.offset, notice.bytesMax);
      const { checksum, data, isLast } = part ?? { checksum: 0, data: null, isLast: false };
      submit({ kind: 'snapshotChunkRead', requestId, data, checksum, isLast });
      if (isLast) this.#options.onStep('sent');
    } else if (notice.kind === 'writeSnapshotChunk') {
      const isWritten = await depot.receive(notice.meta.lastIndex, notice.offset, notice);
      submit({ kind: 'snapshotChunkWritten', requestId, isWritten });
    } else {
      const isInstalled = await this.#install(notice.meta);
      submit({ kind: 'snapshotInstalled', requestId, isInstalled });
      if (isInstalled) this.#options.onStep('installed');
    }
  }

  /** What is installed is noted first: a crash in between installs it again at the next start. */
  async #install(meta: SnapshotMeta): Promise<boolean> {
    const { delivery, depot, journal, logger, provider } = this.#options;
    if (provider === null) {
      throw new OrchestratorError('SNAPSHOT_UNSUPPORTED', 'this node cannot install snapshots');
    }
    if (!(await depot.accept(meta))) {
      logger.warn('a snapshot did not match its digest and is fetched again', {
        index: meta.lastIndex,
      });
      return false;
    }
    await journal.keepSnapshot(meta);
    const commands = commandsOf(meta);
    await provider.install({ appliedIndex: commands, chunks: depot.chunks(meta.lastIndex) });
    delivery.restart({ logIndex: meta.lastIndex, commands });
    await this.#dropBefore(meta.lastIndex);
    logger.info('a snapshot was installed', { index: meta.lastIndex, bytes: meta.sizeBytes });
    return true;
  }

  /**
   * Old files are only room: the snapshot stands, whatever becomes of them. Making and installing may drop the same file,
   * and an installed snapshot that was told as not installed would have its entries applied a second time.
   */
  async #dropBefore(index: number): Promise<void> {
    const { depot, logger } = this.#options;
    try {
      await depot.dropBefore(index);
    } catch (error) {
      logger.warn('an old snapshot was not dropped', { index, error: messageOf(error) });
    }
  }

  async #make(provider: SnapshotProvider): Promise<void> {
    const { core, delivery, depot, journal, submit } = this.#options;
    const { appliedIndex: commands, chunks } = await provider.take();
    const { positions } = journal;
    const logIndex = newestOf(commands, delivery.applied.logIndex, positions);
    const base = logIndex === null ? null : core.baseAt(logIndex);
    if (logIndex === null || base === null || core.inspect().snapshotIndex >= logIndex) return;
    const content = await depot.make(logIndex, commands, chunks);
    // A leader's snapshot may have come in between; then this one is old.
    if (positions.baseIndex > logIndex || core.inspect().snapshotIndex >= logIndex) return;
    const { configuration, configurationIndex, hash: lastHash, term: lastTerm } = base;
    const where = { lastIndex: logIndex, lastTerm, lastHash, configuration, configurationIndex };
    const meta: SnapshotMeta = { ...where, ...content };
    await journal.keepSnapshot(meta);
    submit({ kind: 'snapshotMade', meta });
    this.#options.onStep('made');
    await this.#dropBefore(logIndex);
  }
}

/** The newest applied position in the log at which there were so many commands; null where it is not in the log. */
function newestOf(
  commands: number,
  appliedLogIndex: number,
  positions: Journal['positions'],
): number | null {
  if (commands < positions.baseCommands || commands > positions.lastCommands) return null;
  let logIndex = positions.indexOfCommand(commands);
  if (logIndex > appliedLogIndex) return null;
  while (logIndex < appliedLogIndex && positions.commandsAt(logIndex + 1) === commands) {
    logIndex += 1;
  }
  return logIndex;
}
