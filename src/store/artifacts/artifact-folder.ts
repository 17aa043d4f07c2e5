/**
 * The folder of artifacts: two files each, `ID.data` with the bytes and `ID.json` with the facts.
 *
 * An artifact is there once its facts are: they are renamed into place last, when the bytes are on disk,
 * and removed first. Whatever else has a name of this shape was left by a crash. Files with other names
 * are nobody's here, and stay.
 */
import { constants } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { readFacts, writeFacts, type ArtifactFacts } from './artifact-facts.ts';

const OURS = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(data|json|draft.*)$/;
/** Longest facts that are read, in bytes. */
const FACTS_BYTES_MAX = 4_096;
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
      const isKept = kept.has(id) && (kind === 'data' || kind === 'json');
      if (!isKept) await rm(join(this.directory, name), { recursive: true, force: true });
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
    try {
      const { size } = await draft.stat();
      if (size !== bytes) throw new Error(`the file must have ${bytes} bytes, got ${size}`);
      await draft.sync();
    } finally {
      await draft.close();
    }
    await rename(this.draftFile(id), this.#file(id, 'data'));
    const draftOfFacts = this.#file(id, 'draft-facts');
    const file = await open(draftOfFacts, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      await file.writeFile(writeFacts(facts));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draftOfFacts, this.#file(id, 'json'));
    await this.#flush();
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
    await rm(this.#file(id, 'data'), { force: true });
    await rm(this.#file(id, 'draft-facts'), { force: true });
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

  #file(id: string, kind: 'data' | 'json' | 'draft-facts'): string {
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

/** Opens a plain file: a link, a pipe or a folder of that name is refused. */
async function openPlain(file: string, flags: number): Promise<FileHandle> {
  const handle = await open(file, flags | O_NOFOLLOW | O_NONBLOCK);
  const facts = await handle.stat();
  if (facts.isFile()) return handle;
  await handle.close();
  throw new Error('an artifact must be a plain file');
}
