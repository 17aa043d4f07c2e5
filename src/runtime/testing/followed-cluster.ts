import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArtifactStore } from '../../store/index.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { MemoryLog, type MemoryDisk } from '../../testing/memory-log.ts';
import { MemoryStore } from '../../testing/memory-store.ts';
import { openFollowing } from '../open-runtime.ts';
import type { Runtime } from '../runtime.ts';
import type { RuntimeStorage } from '../storage.ts';

/** Nodes that see the same entries; the test says who leads. */
export class FollowedCluster {
  readonly clock = new ManualClock();
  readonly #disk: MemoryDisk = { bodies: [], released: 0 };
  readonly #folder = mkdtempSync(join(tmpdir(), 'uqo-following-'));
  readonly nodes: Runtime[] = [];
  /** Entries that each node has. */
  readonly #seen = new Map<Runtime, number>();
  leader: Runtime | null = null;

  async add(): Promise<Runtime> {
    const directory = join(this.#folder, String(this.nodes.length));
    const storage: RuntimeStorage = {
      open: async () => ({
        kind: 'shared',
        directory: null,
        log: new MemoryLog(this.#disk),
        store: new MemoryStore(),
        artifacts: await ArtifactStore.open({ directory, now: () => this.clock.now() }),
        copyStore: null,
        release: () => undefined,
      }),
    };
    const node = await openFollowing(storage, { version: '0', seed: 1, clock: this.clock });
    this.nodes.push(node);
    this.#seen.set(node, this.#disk.bodies.length);
    return node;
  }

  /** Brings those that follow to the end of the log. */
  async catchUp(): Promise<void> {
    for (const node of this.nodes) {
      for (let index = this.#seen.get(node) ?? 0; index < this.#disk.bodies.length; index++) {
        const body = this.#disk.bodies[index];
        if (node !== this.leader && body !== undefined)
          await node.take({ index: index + 1, body, isOwn: false });
      }
      this.#seen.set(node, this.#disk.bodies.length);
    }
  }

  async lead(next: Runtime): Promise<void> {
    await this.catchUp();
    this.leader?.stepDown();
    this.leader = next;
    next.lead();
  }

  async dispose(): Promise<void> {
    for (const node of this.nodes) {
      const closed = node.close(0);
      this.clock.advance(0);
      await closed;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
