/** What is known of an artifact, and how it is written beside its bytes. */

/** A kept artifact. */
export interface ArtifactFacts {
  readonly id: string;
  readonly taskId: string;
  readonly fencingToken: number;
  readonly name: string;
  readonly contentType: string;
  readonly bytes: number;
  /** Of the bytes, in hexadecimal. */
  readonly sha256: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const CONTENT_TYPE = /^[a-z]+\/[a-z0-9][a-z0-9.+-]{0,99}$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** The first field that is not as it must be; null when all are. */
export function findFault(facts: Partial<Record<keyof ArtifactFacts, unknown>>): string | null {
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
  const matches = (value: unknown, pattern: RegExp): boolean =>
    typeof value === 'string' && pattern.test(value);
  if (!matches(facts.id, ID)) return 'id';
  if (!matches(facts.taskId, ID)) return 'taskId';
  if (!isCount(facts.fencingToken)) return 'fencingToken';
  if (!matches(facts.name, NAME)) return 'name';
  if (!matches(facts.contentType, CONTENT_TYPE)) return 'contentType';
  if (!isCount(facts.bytes)) return 'bytes';
  if (!matches(facts.sha256, SHA256)) return 'sha256';
  return isCount(facts.createdAt) ? null : 'createdAt';
}

/** Reads what {@link writeFacts} wrote; null for anything else. */
export function readFacts(text: string, id: string): ArtifactFacts | null {
  let facts: unknown;
  try {
    facts = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof facts !== 'object' || facts === null) return null;
  const known = facts as ArtifactFacts;
  return known.id === id && findFault(known) === null ? known : null;
}

export function writeFacts(facts: ArtifactFacts): string {
  return `${JSON.stringify(facts)}\n`;
}
