import type { FileHandle } from 'node:fs/promises';
import type { ArtifactFacts } from './artifact-facts.ts';
import type { ArtifactFolder } from './artifact-folder.ts';
import { BLOCK_BYTES, sumFile } from './block-sums.ts';

/**
 * An artifact on its way from another node, block by block.
 *
 * What has come stays over a restart, and the next try goes on behind it. Nothing of it is believed before all of it has
 * the digest that its maker gave it.
 */
export class ArtifactCopy {
  readonly facts: ArtifactFacts;
  readonly #folder: ArtifactFolder;
  readonly #handle: FileHandle;
  #bytes: number;
  #isOpen = true;

  private constructor(facts: ArtifactFacts, folder: ArtifactFolder, handle: FileHandle) {
    this.facts = facts;
    this.#folder = folder;
    this.#handle = handle;
    this.#bytes = 0;
  }

  static async open(facts: ArtifactFacts, folder: ArtifactFolder): Promise<ArtifactCopy> {
    const handle = await folder.openCopy(facts.id);
    const copy = new ArtifactCopy(facts, folder, handle);
    const { size } = await handle.stat();
    // Only whole blocks can be gone on from.
    const isUsable = size <= facts.bytes;
    copy.#bytes = isUsable ? size - (size % BLOCK_BYTES) : 0;
    await handle.truncate(copy.#bytes);
    return copy;
  }

  /** The block that is wanted next; null once all have come. */
  get next(): number | null {
    return this.#bytes >= this.facts.bytes ? null : this.#bytes / BLOCK_BYTES;
  }

  /** Bytes of the block that is wanted next. */
  get nextBytes(): number {
    return Math.min(BLOCK_BYTES, this.facts.bytes - this.#bytes);
  }

  /** Writes the block that is wanted next. */
  async append(block: Uint8Array): Promise<void> {
    for (let written = 0; written < block.length;) {
      const at = this.#bytes + written;
      const left = block.subarray(written);
      const { bytesWritten } = await this.#handle.write(left, 0, left.length, at);
      written += bytesWritten;
    }
    this.#bytes += block.length;
  }

  /**
   * Puts it in its place, durably, in place of a damaged one too; false where the digest is another: then nothing is left
   * of it.
   */
  async finish(): Promise<boolean> {
    const { sha256, sums } = await sumFile(this.#handle, this.facts.bytes);
    if (sha256 !== this.facts.sha256) {
      await this.discard();
      return false;
    }
    await this.#handle.sync();
    await this.pause();
    await this.#folder.place(this.facts, sums, 'copy');
    return true;
  }

  /** Closes it; what has come stays for the next try. */
  async pause(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#handle.close();
  }

  /** Closes it, and leaves nothing. */
  async discard(): Promise<void> {
    await this.pause();
    await this.#folder.removeCopy(this.facts.id);
  }
}
