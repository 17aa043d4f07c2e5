/**
 * The folder of artifacts: three files each, `ID.data` with the bytes, `ID.json` with the facts, and `ID.sums` with what
 * tells whether the bytes are still what they were.
 *
 * An artifact is there once its facts are: they are renamed into place last, when the bytes are on disk,
 * and removed first. Sums that are missing are made again. `ID.copy` comes from another node, and is gone on with after a
 * restart. Whatever else has a name of this shape was left by a crash. Files with other names are nobody's here, and stay.
 */
import { constants } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { readFacts, writeFacts, type ArtifactFacts } from './artifact-facts.ts';
import { decodeSums, encodeSums, sumBlocks, sumFile, type BlockSums } from './block-sums.ts';

const OURS = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(data|json|sums|copy|draft.*)$/;
const KEPT_KINDS: readonly (string | undefined)[] = ['data', 'json', 'sums'];
/** Longest facts that are read, in bytes. */
const FACTS_BYTES_MAX = 4_096;
/** A copy that nothing came to for so long is wanted no more. */
const COPY_AGE_MS_MAX = 24 * 3_600_000;
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;

export class ArtifactFolder {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Makes the folder, removes what crashes left, and resolves with what is kept. */
  async recover(): Promise<readonly ArtifactFacts[]> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const names = await readdir(this.directory);
    const kept = new Map<string, ArtifactFacts>();
    for (const name of names) {
      const [, id, kind] = OURS.exec(name) ?? [];
      if (id === undefined || kind !== 'json') continue;
      const facts = await this.#whole(id);
      if (facts !== null) kept.set(id, facts);
    }
    for (const name of names) {
      const [, id, kind] = OURS.exec(name) ?? [];
      if (id === undefined) continue;
      const isKept = kept.has(id) && KEPT_KINDS.includes(kind);
      const isComing = kind === 'copy' && (await this.#isRecent(name));
      if (!isKept && !isComing)
        await rm(join(this.directory, name), { recursive: true, force: true });
    }
    return [...kept.values()];
  }

  /** Where the bytes of a draft go. */
  draftFile(id: string): string {
    return join(this.directory, `${id}.draft`);
  }

  /** Puts a draft in its place: bytes on disk, then their name, then the facts, then the folder. */
  async keep(facts: ArtifactFacts): Promise<void> {
    const { bytes, id } = facts;
    const draft = await openPlain(this.draftFile(id), O_RDWR);
    let sums: BlockSums;
    try {
      const { size } = await draft.stat();
      if (size !== bytes) throw new Error(`the file must have ${bytes} bytes, got ${size}`);
      sums = await sumBlocks(draft, bytes);
      await draft.sync();
    } finally {
      await draft.close();
    }
    await this.place(facts, sums, 'draft');
  }

  /** Gives a file whose bytes are on disk its name, then the sums, then the facts. */
  async place(facts: ArtifactFacts, sums: BlockSums, from: 'draft' | 'copy'): Promise<void> {
    const { id } = facts;
    await rename(this.#file(id, from), this.#file(id, 'data'));
    await this.#write(id, 'sums', encodeSums(sums));
    await this.#write(id, 'json', writeFacts(facts));
    await this.#flush();
  }

  /** What has come of a copy so far, to go on with. */
  openCopy(id: string): Promise<FileHandle> {
    return openPlain(this.#file(id, 'copy'), O_RDWR | O_CREAT);
  }

  async removeCopy(id: string): Promise<void> {
    await rm(this.#file(id, 'copy'), { force: true });
  }

  /** The sums of an artifact; made again where they are gone, from bytes that still have their digest. */
  async sumsOf(facts: ArtifactFacts, data: FileHandle): Promise<BlockSums> {
    const { bytes, id, sha256 } = facts;
    const known = decodeSums(await this.#read(id, 'sums'), bytes);
    if (known !== null) return known;
    const made = await sumFile(data, bytes);
    if (made.sha256 !== sha256) throw new Error('the bytes must have the digest of their maker');
    await this.#write(id, 'sums', encodeSums(made.sums));
    return made.sums;
  }

  /** Opens the bytes; refuses links, and files that are not as they were kept. */
  async open({ bytes, id }: ArtifactFacts): Promise<FileHandle> {
    const handle = await openPlain(this.#file(id, 'data'), O_RDONLY);
    const { size } = await handle.stat();
    if (size === bytes) return handle;
    await handle.close();
    throw new Error(`the file must have ${bytes} bytes, got ${size}`);
  }

  /** Gives the files of an artifact a second name in another folder of the same disk. */
  async linkInto(directory: string, { id }: ArtifactFacts): Promise<void> {
    for (const kind of ['data', 'json'] as const) {
      await link(this.#file(id, kind), join(directory, `${id}.${kind}`));
    }
  }

  /** Removes everything of an artifact or draft. */
  async remove(id: string): Promise<void> {
    await rm(this.#file(id, 'json'), { force: true });
    for (const kind of ['data', 'sums', 'copy', 'draft-json', 'draft-sums'] as const) {
      await rm(this.#file(id, kind), { force: true });
    }
    // A thread that was ended while it wrote leaves the file that it would have renamed.
    await rm(`${this.draftFile(id)}.partial`, { force: true });
    await rm(this.draftFile(id), { force: true });
  }

  /** The facts of an artifact whose bytes are there. */
  async #whole(id: string): Promise<ArtifactFacts | null> {
    try {
      const facts = readFacts(await this.#readFacts(id), id);
      if (facts === null) return null;
      await (await this.open(facts)).close();
      return facts;
    } catch {
      return null;
    }
  }

  async #readFacts(id: string): Promise<string> {
    const handle = await openPlain(this.#file(id, 'json'), O_RDONLY);
    try {
      const { size } = await handle.stat();
      return size > FACTS_BYTES_MAX ? '' : await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  }

  /** Empty where there is none. */
  async #read(id: string, kind: 'sums'): Promise<Buffer> {
    try {
      const handle = await openPlain(this.#file(id, kind), O_RDONLY);
      try {
        return await handle.readFile();
      } finally {
        await handle.close();
      }
    } catch {
      return Buffer.alloc(0);
    }
  }

  /** Whole or not at all. */
  async #write(id: string, kind: 'sums' | 'json', content: Uint8Array | string): Promise<void> {
    const draft = this.#file(id, `draft-${kind}`);
    await rm(draft, { force: true });
    const file = await open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.#file(id, kind));
  }

  async #isRecent(name: string): Promise<boolean> {
    const { mtimeMs } = await stat(join(this.directory, name));
    return Date.now() - mtimeMs < COPY_AGE_MS_MAX;
  }

  #file(id: string, kind: FileKind): string {
    return join(this.directory, `${id}.${kind}`);
  }

  async #flush(): Promise<void> {
    if (process.platform === 'win32') return;
    const handle = await open(this.directory, O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

type FileKind = 'data' | 'json' | 'sums' | 'copy' | 'draft' | 'draft-json' | 'draft-sums';

/** Opens a plain file: a link, a pipe or a folder of that name is refused. */
async function openPlain(file: string, flags: number): Promise<FileHandle> {
  const handle = await open(file, flags | O_NOFOLLOW | O_NONBLOCK, 0o600);
  const facts = await handle.stat();
  if (facts.isFile()) return handle;
  await handle.close();
  throw new Error('an artifact must be a plain file');
}
