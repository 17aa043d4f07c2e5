/** What nodes ask each other about artifacts, as bodies of requests between peers. */
import { isOrchestratorError, OrchestratorError } from '../../../base/errors.ts';
import {
  BLOCK_BYTES,
  readFacts,
  type ArtifactFacts,
  type ArtifactStore,
} from '../../../store/index.ts';

/** What the node keeps, page by page; nothing where that is what the asking one keeps. */
export const ASK_ARTIFACTS = 129;
/** One block of an artifact. */
export const ASK_BLOCK = 130;
/** Take a copy of an artifact; answered once it is on the disk there. */
export const TAKE_ARTIFACT = 131;

/** Artifacts in one answer, each of at most a few hundred bytes. */
const PAGE_MAX = 500;

export interface InventoryQuestion {
  /** Of what the asking node keeps. */
  readonly fingerprint: string;
  /** Id behind which to go on; empty at first. */
  readonly after: string;
}

export interface Inventory {
  readonly items: readonly ArtifactFacts[];
  /** Whether there are more behind the last one. */
  readonly hasMore: boolean;
  /** What the node knows of and has not got yet. */
  readonly missing: number;
}

export interface BlockQuestion {
  readonly id: string;
  readonly block: number;
}

export function encode(question: InventoryQuestion | BlockQuestion | ArtifactFacts): Buffer {
  return Buffer.from(JSON.stringify(question));
}

/** @throws OrchestratorError `ARTIFACT_QUESTION_INVALID` */
export function decodeInventory(body: Uint8Array): Inventory {
  const { hasMore, items, missing } = objectOf(body);
  if (!Array.isArray(items) || items.length > PAGE_MAX) throw invalid('a page of artifacts');
  return {
    items: items.map((item: unknown) => factsOf(JSON.stringify(item))),
    hasMore: hasMore === true,
    missing: Number.isSafeInteger(missing) ? Number(missing) : 0,
  };
}

/** @throws OrchestratorError `ARTIFACT_QUESTION_INVALID` */
export function decodeFacts(body: Uint8Array): ArtifactFacts {
  return factsOf(Buffer.from(body).toString());
}

/** Answers what other nodes keep of this one's artifacts, and hands out their blocks. */
export class ArtifactAnswers {
  readonly #artifacts: ArtifactStore;
  readonly #missing: () => number;

  constructor(artifacts: ArtifactStore, missing: () => number) {
    this.#artifacts = artifacts;
    this.#missing = missing;
  }

  inventory(body: Uint8Array): Uint8Array {
    const { after, fingerprint } = objectOf(body);
    const artifacts = this.#artifacts;
    const missing = this.#missing();
    const none: Inventory = { items: [], hasMore: false, missing };
    if (fingerprint === artifacts.fingerprint) return Buffer.from(JSON.stringify(none));
    const behind = [...artifacts.all()]
      .filter(({ id }) => id > String(after) && artifacts.has(id))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const items = behind.slice(0, PAGE_MAX);
    const page: Inventory = { items, hasMore: behind.length > items.length, missing };
    return Buffer.from(JSON.stringify(page));
  }

  /** @throws OrchestratorError `ARTIFACT_NOT_FOUND`, `ARTIFACT_UNREADABLE` */
  async block(body: Uint8Array): Promise<Uint8Array> {
    const { block, id } = objectOf(body);
    const facts =
      typeof id === 'string' && this.#artifacts.has(id) ? this.#artifacts.find(id) : null;
    if (facts === null || !isBlockOf(facts, block)) {
      const message = `an artifact and a block of it must be kept, got ${String(id)} and ${String(block)}`;
      throw new OrchestratorError('ARTIFACT_NOT_FOUND', message);
    }
    // Who asks may be mending a block that this node asks for as well: only what is whole here is handed on.
    const content = await this.#artifacts.open(facts);
    try {
      const own = await content.ownBlock(block);
      if (own !== null) return own;
    } finally {
      await content.close();
    }
    const message = `artifact ${facts.id} must be as it was kept, got another block ${block}`;
    throw new OrchestratorError('ARTIFACT_UNREADABLE', message);
  }
}

/** Whether a node is of a release that copies no artifacts. */
export function isUnknownQuestion(error: unknown): boolean {
  return isOrchestratorError(error) && error.code === 'QUESTION_UNKNOWN';
}

function isBlockOf({ bytes }: ArtifactFacts, block: unknown): block is number {
  return Number.isSafeInteger(block) && Number(block) >= 0 && Number(block) * BLOCK_BYTES < bytes;
}

function factsOf(text: string): ArtifactFacts {
  const { id } = objectOf(Buffer.from(text));
  const facts = typeof id === 'string' ? readFacts(text, id) : null;
  if (facts === null) throw invalid('the facts of an artifact');
  return facts;
}

function objectOf(body: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString());
  } catch {
    throw invalid('JSON');
  }
  if (typeof value !== 'object' || value === null) throw invalid('an object');
  return value as Readonly<Record<string, unknown>>;
}

function invalid(what: string): OrchestratorError {
  const message = `nodes must speak of artifacts with ${what}, got something else`;
  return new OrchestratorError('ARTIFACT_QUESTION_INVALID', message);
}
