/** One node of the stack suite: the production log and core, without the runtime around them. */
import type { Applied, Command, CommandBatch, CoreState } from '../../../src/core/index.ts';
import { openRaftLog, type RaftLog } from '../../../src/log/index.ts';
import { PROTOCOL_VERSIONS } from '../../../src/log/raft/transport/handshake.ts';
import { encodeEntry } from '../../../src/runtime/entry-codec.ts';
import { SimulationFailure } from '../simulation-failure.ts';
import { RELEASES, SimulatedNode } from './simulated-node.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { NO_CHECKPOINT, StackMachine, type Checkpoint } from './stack-machine.ts';

/** Kinds of forwarded requests. */
const ASK_WHO = 1;

/** An append that resolved. */
interface Done {
  readonly index: number;
  readonly applied: Applied;
}

export class StackNode extends SimulatedNode {
  machine: StackMachine | null = null;
  #checkpoint: Checkpoint = NO_CHECKPOINT;

  get state(): CoreState | null {
    return this.isUp ? (this.machine?.state ?? null) : null;
  }

  /** Appends commands as the leader's turn would; resolves once they are applied here. */
  async append(commands: readonly Command[]): Promise<Done> {
    return this.appendBatch({ at: this.wallMs(), commands });
  }

  async appendBatch(batch: CommandBatch, term?: number): Promise<Done> {
    const { log, machine } = this;
    if (log === null || machine === null) throw new Error('a node that is down takes nothing');
    const body = Uint8Array.from(encodeEntry({ batch, texts: batch.commands.map(() => null) }));
    const index = await log.append(body, term);
    this.options.checker.acknowledged(index, body);
    const applied = machine.takeResult(index);
    if (applied === undefined) {
      throw new SimulationFailure('an append resolves before it is applied', `at ${index}`);
    }
    return { index, applied };
  }

  async askLeader(): Promise<string> {
    const { log } = this;
    if (log === null) throw new Error('a node that is down asks nothing');
    return Buffer.from(await log.forward(ASK_WHO, new Uint8Array())).toString();
  }

  protected get keptIndex(): number {
    return this.#checkpoint.appliedIndex;
  }

  protected forget(): void {
    this.machine = null;
  }

  protected open(process: SimulatedProcess): Promise<RaftLog> {
    const { endpoint, founders, nodeId, peers, plan, streams } = this.options;
    const rng = this.chance;
    const machine = this.#machine(process);
    this.machine = machine;
    return openRaftLog({
      directory: `/${nodeId}`,
      clusterId: 'simulated',
      nodeId,
      founders,
      peers,
      transport: {
        listenAddress: streams.addressOf(endpoint),
        network: streams.networkOf(process),
        random: () => rng.unit(),
        versions: RELEASES[this.release] ?? PROTOCOL_VERSIONS,
        bounds: { greetingTimeoutMs: 1_000, backoffMsMax: 500 },
      },
      sink: machine,
      snapshots: machine,
      onForwarded: () => Promise.resolve(Buffer.from(nodeId)),
      onRole: (role) => this.roleChanged(role),
      settings: plan.settings,
      tickMs: plan.tickMs,
      snapshotEveryEntries: plan.snapshotEveryEntries,
      segmentBytes: 16 * 1024,
      groupBytesMax: 16 * 1024,
      fileSystem: this.disk.mount(process),
      clock: process.clock,
      logger: this.logger(),
      seed: rng.below(2 ** 30),
    });
  }

  #machine(process: SimulatedProcess): StackMachine {
    const { checker, plan } = this.options;
    return new StackMachine({
      nodeId: this.nodeId,
      process,
      checker,
      checkpoint: this.#checkpoint,
      checkpointEveryEntries: plan.checkpointEveryEntries,
      applyUs: () => this.#applyUs(),
      storeUs: () => this.disk.delayUs(),
      onCheckpoint: (checkpoint) => {
        this.#checkpoint = checkpoint;
        this.log?.releaseThrough(checkpoint.appliedIndex).catch((error: unknown) => {
          this.mayFail(process, error);
        });
      },
      onDigest: (index, head) => this.log?.offerDigest(index, Buffer.from(head, 'hex')),
    });
  }

  #applyUs(): number {
    if (this.isHealed || !this.options.plan.faults.has('slow-apply')) return 0;
    return this.chance.happens(0.5) ? this.chance.exponential(5_000) : 0;
  }
}
