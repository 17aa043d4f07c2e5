/**
 * How two nodes meet: whoever was called speaks first, so that a stranger's request never reaches a parser.
 *
 *   called ── challenge {version, nonce} ─▶ caller
 *   called ◀─ hello {version, cluster, ids, incarnation, address, nonce, proof} ── caller
 *   called ── welcome {id, incarnation, proof} ─▶ caller       or refusal {code, message}, and the end
 *
 * Both proofs cover both nonces and the whole hello; what they are made of is the authentication's concern.
 */
import { OrchestratorError } from '../../../base/errors.ts';

/** Both ends must speak the same; there is no other yet. */
export const PROTOCOL_VERSION = 1;
export const NONCE_BYTES = 16;
/** A challenge, hello, welcome or refusal has at most so many bytes. */
export const HANDSHAKE_BYTES_MAX = 8192;

export interface Challenge {
  readonly version: number;
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
  return Buffer.from(JSON.stringify([challenge.version, challenge.nonce, ...said]));
}

export function encodeHandshake(message: object): Buffer {
  return Buffer.from(JSON.stringify(message));
}

export function decodeChallenge(payload: Buffer): Challenge {
  const fields = objectOf(payload);
  return { version: versionOf(fields), nonce: textOf(fields, 'nonce') };
}

export function decodeHello(payload: Buffer): { readonly hello: Hello; readonly proof: string } {
  const fields = objectOf(payload);
  const hello: Hello = {
    version: versionOf(fields),
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

function versionOf(fields: Readonly<Record<string, unknown>>): number {
  const { version } = fields as { readonly version?: unknown };
  if (typeof version === 'number' && Number.isSafeInteger(version)) return version;
  throw malformed('an integer as version');
}

function malformed(what: string, cause?: unknown): OrchestratorError {
  const message = `a peer's greeting must have ${what}: another program, or another version of this one, uses this port`;
  return new OrchestratorError('PEER_HANDSHAKE_MALFORMED', message, {}, { cause });
}
