import type { FileHandle } from 'node:fs/promises';
import { OrchestratorError } from '../../base/errors.ts';
import type { ArtifactFacts } from './artifact-facts.ts';
import { BLOCK_BYTES, blockCount, isBlock, readBlock, type BlockSums } from './block-sums.ts';

/** Gets a block that is damaged here from elsewhere; null where nobody has it. */
export type MendBlock = (facts: ArtifactFacts, block: number) => Promise<Uint8Array | null>;

export interface ArtifactBytesParts {
  readonly facts: ArtifactFacts;
  readonly handle: FileHandle;
  readonly sums: BlockSums;
  /** Told of what is not as it was kept. */
  readonly onDamage: (facts: ArtifactFacts) => void;
  readonly mend: MendBlock;
}

/** The open bytes of an artifact; none is handed out that is not as it was kept. Whoever opened it closes it. */
export class ArtifactBytes {
  readonly #parts: ArtifactBytesParts;

  constructor(parts: ArtifactBytesParts) {
    this.#parts = parts;
  }

  get facts(): ArtifactFacts {
    return this.#parts.facts;
  }

  /**
   * A block of 1 MiB; the last one is shorter.
   *
   * @throws OrchestratorError `ARTIFACT_UNREADABLE` where it is damaged and nobody else has it
   */
  async block(index: number): Promise<Uint8Array> {
    const { facts, mend, sums } = this.#parts;
    const content = await this.ownBlock(index);
    if (content !== null) return content;
    const mended = await mend(facts, index);
    if (mended !== null && isBlock(mended, sums, index)) return mended;
    const message = `artifact ${facts.id} must be as it was kept, got another block ${index} of ${blockCount(facts.bytes)}`;
    throw new OrchestratorError('ARTIFACT_UNREADABLE', message, { id: facts.id });
  }

  /** The bytes from one to another, the last one included. */
  async *read(first = 0, last: number = this.facts.bytes - 1): AsyncGenerator<Uint8Array, void> {
    for (let from = first; from <= last;) {
      const index = Math.floor(from / BLOCK_BYTES);
      const start = index * BLOCK_BYTES;
      const content = await this.block(index);
      yield content.subarray(from - start, Math.min(content.length, last + 1 - start));
      from = start + BLOCK_BYTES;
    }
  }

  /** Whether everything is as it was kept; reads it to its end, or to the first block that is not. */
  async isWhole(pace: (bytes: number) => Promise<void>): Promise<boolean> {
    for (let index = 0; index < blockCount(this.facts.bytes); index++) {
      await pace(BLOCK_BYTES);
      if ((await this.ownBlock(index)) === null) return false;
    }
    return true;
  }

  /** Null where it is damaged, or the disk does not read it. */
  async ownBlock(index: number): Promise<Uint8Array | null> {
    const { facts, handle, onDamage, sums } = this.#parts;
    const content = await readBlock(handle, facts.bytes, index).catch(() => null);
    if (content !== null && isBlock(content, sums, index)) return content;
    onDamage(facts);
    return null;
  }

  close(): Promise<void> {
    return this.#parts.handle.close();
  }
}
