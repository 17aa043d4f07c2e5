/**
 * How two nodes meet: whoever was called speaks first, so that a stranger's request never reaches a parser.
 *
 *   called ── challenge {oldest version, newest, nonce} ─▶ caller
 *   called ◀─ hello {version, cluster, ids, incarnation, address, nonce, proof} ── caller
 *   called ── welcome {id, incarnation, proof} ─▶ caller       or refusal {code, message}, and the end
 *
 * The caller picks the newest version that both speak, so that a cluster can be upgraded node by node. Both proofs cover
 * both nonces and the whole hello; what they are made of is the authentication's concern.
 */
import { OrchestratorError } from '../../../base/errors.ts';

/** Versions of this protocol that a node speaks. */
export interface ProtocolVersions {
  readonly oldest: number;
  readonly newest: number;
}

/**
 * What this release speaks. One that follows must speak `newest` too, for a cluster that is upgraded runs both.
 *
 * From 2 on proofs also cover which versions were offered: nobody between two nodes can talk them down to an older one.
 */
export const PROTOCOL_VERSIONS: ProtocolVersions = { oldest: 1, newest: 2 };
const OFFER_IS_PROVED_FROM = 2;
export const NONCE_BYTES = 16;
/** A challenge, hello, welcome or refusal has at most so many bytes. */
export const HANDSHAKE_BYTES_MAX = 8192;

export interface Challenge {
  /** The oldest one that the called node speaks; nodes that know of no other take it for the only one. */
  readonly version: number;
  readonly newest: number;
  /** Of {@link NONCE_BYTES}, drawn for this connection alone. */
  readonly nonce: string;
}

export interface Hello {
  readonly version: number;
  readonly clusterId: string;
  readonly nodeId: string;
  /** Whom the caller believes to have called. */
  readonly targetId: string;
  /** Drawn when the caller's journal was made: another one under the same id is a node that lost its disk. */
  readonly incarnation: string;
  /** `host:port` where the caller itself can be called. */
  readonly address: string;
  readonly nonce: string;
}

export interface Welcome {
  readonly nodeId: string;
  readonly incarnation: string;
  readonly proof: string;
}

export interface Refusal {
  /** Upper snake case, such as `PEER_CLUSTER_MISMATCH`. */
  readonly code: string;
  /** What must hold and what was got, for the log of the refused one. */
  readonly message: string;
}

/** Proves to each end of a connection that the other one belongs to the cluster. */
export interface PeerAuthentication {
  /**
   * @param role - of the one who proves: the same bytes prove nothing in the other direction
   * @param transcript - what both have said so far
   */
  prove(role: 'caller' | 'called', transcript: Uint8Array): string;
  verify(role: 'caller' | 'called', transcript: Uint8Array, proof: string): boolean;
}

/** Takes everyone's word; for loopback, or where TLS with client certificates has checked already. */
export const NO_AUTHENTICATION: PeerAuthentication = { prove: () => '', verify: () => true };

/** What both proofs cover. */
export function transcriptOf(challenge: Challenge, hello: Hello): Buffer {
  const { address, clusterId, incarnation, nodeId, nonce, targetId, version } = hello;
  const said = [version, clusterId, nodeId, targetId, incarnation, address, nonce];
  const offered = version < OFFER_IS_PROVED_FROM ? [] : [challenge.newest];
  return Buffer.from(JSON.stringify([challenge.version, ...offered, challenge.nonce, ...said]));
}

/** The newest version that both ends speak; null where there is none. */
export function commonVersion(own: ProtocolVersions, other: ProtocolVersions): number | null {
  const version = Math.min(own.newest, other.newest);
  return version >= Math.max(own.oldest, other.oldest) ? version : null;
}

/** Two releases that have no version in common. */
export function unsupportedVersion(own: ProtocolVersions, got: string): Refusal {
  const message = `peers must speak a protocol from ${own.oldest} to ${own.newest}, got ${got}: upgrade the nodes of a cluster one release at a time`;
  return { code: 'PEER_VERSION_UNSUPPORTED', message };
}

export function encodeHandshake(message: object): Buffer {
  return Buffer.from(JSON.stringify(message));
}

export function decodeChallenge(payload: Buffer): Challenge {
  const fields = objectOf(payload);
  const version = versionOf(fields, 'version');
  const newest = fields['newest'] === undefined ? version : versionOf(fields, 'newest');
  return { version, newest, nonce: textOf(fields, 'nonce') };
}

export function decodeHello(payload: Buffer): { readonly hello: Hello; readonly proof: string } {
  const fields = objectOf(payload);
  const hello: Hello = {
    version: versionOf(fields, 'version'),
    clusterId: textOf(fields, 'clusterId'),
    nodeId: textOf(fields, 'nodeId'),
    targetId: textOf(fields, 'targetId'),
    incarnation: textOf(fields, 'incarnation'),
    address: textOf(fields, 'address'),
    nonce: textOf(fields, 'nonce'),
  };
  return { hello, proof: textOf(fields, 'proof') };
}

export function decodeWelcome(payload: Buffer): Welcome {
  const fields = objectOf(payload);
  return {
    nodeId: textOf(fields, 'nodeId'),
    incarnation: textOf(fields, 'incarnation'),
    proof: textOf(fields, 'proof'),
  };
}

export function decodeRefusal(payload: Buffer): Refusal {
  const fields = objectOf(payload);
  return { code: textOf(fields, 'code'), message: textOf(fields, 'message') };
}

function objectOf(payload: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch (cause) {
    throw malformed('JSON', cause);
  }
  if (typeof value !== 'object' || value === null) throw malformed('an object');
  return value as Readonly<Record<string, unknown>>;
}

function textOf(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name];
  if (typeof value === 'string' && value.length <= 512) return value;
  throw malformed(`a text of at most 512 characters as ${name}`);
}

function versionOf(fields: Readonly<Record<string, unknown>>, name: string): number {
  const version = fields[name];
  if (typeof version === 'number' && Number.isSafeInteger(version)) return version;
  throw malformed(`an integer as ${name}`);
}

function malformed(what: string, cause?: unknown): OrchestratorError {
  const message = `a peer's greeting must have ${what}: another program, or another version of this one, uses this port`;
  return new OrchestratorError('PEER_HANDSHAKE_MALFORMED', message, {}, { cause });
}
