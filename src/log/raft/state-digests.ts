import { readU64, writeU64 } from '../embedded/segment-header.ts';
import type { NodeId } from '../../consensus/index.ts';

/** Indexes for which digests are kept; a slow node's come late. */
const INDEXES_MAX = 64;
const DIGEST_BYTES_MAX = 64;

/** What comparing digests of one index came to. */
export type DigestVerdict =
  | { readonly kind: 'undecided' }
  | { readonly kind: 'agreed' }
  /** Most voters have another state than this node. */
  | { readonly kind: 'selfOdd'; readonly index: number }
  | { readonly kind: 'othersOdd'; readonly index: number; readonly odd: readonly NodeId[] };

/** Digests of the state that nodes told one another, compared index by index. */
export class StateDigests {
  readonly #nodeId: NodeId;
  readonly #byIndex = new Map<number, Map<NodeId, string>>();

  constructor(nodeId: NodeId) {
    this.#nodeId = nodeId;
  }

  /** Takes a digest of this node or another one. */
  take(from: NodeId, index: number, digest: Uint8Array, voters: readonly NodeId[]): DigestVerdict {
    const digests = this.#byIndex.get(index) ?? new Map<NodeId, string>();
    digests.set(from, Buffer.from(digest).toString('hex'));
    this.#byIndex.set(index, digests);
    if (this.#byIndex.size > INDEXES_MAX) {
      this.#byIndex.delete(Math.min(...this.#byIndex.keys()));
    }
    return this.#compare(index, digests, voters);
  }

  #compare(
    index: number,
    digests: ReadonlyMap<NodeId, string>,
    voters: readonly NodeId[],
  ): DigestVerdict {
    const own = digests.get(this.#nodeId);
    if (own === undefined) return { kind: 'undecided' };
    const counts = new Map<string, number>();
    for (const voter of voters) {
      const digest = digests.get(voter);
      if (digest !== undefined) counts.set(digest, (counts.get(digest) ?? 0) + 1);
    }
    for (const [digest, count] of counts) {
      if (count * 2 <= voters.length) continue;
      if (digest !== own) return { kind: 'selfOdd', index };
      const odd = [...digests].filter(([, other]) => other !== digest).map(([nodeId]) => nodeId);
      return odd.length === 0 ? { kind: 'agreed' } : { kind: 'othersOdd', index, odd };
    }
    return { kind: 'undecided' };
  }
}

/** u64 index, then the digest. */
export function encodeDigest(index: number, digest: Uint8Array): Buffer {
  const frame = Buffer.alloc(8 + digest.length);
  writeU64(frame, index, 0);
  frame.set(digest, 8);
  return frame;
}

/** Null for anything that is not a digest of an index. */
export function decodeDigest(
  payload: Buffer,
): { readonly index: number; readonly digest: Buffer } | null {
  if (payload.length < 9 || payload.length > 8 + DIGEST_BYTES_MAX) return null;
  const index = readU64(payload, 0);
  return Number.isSafeInteger(index) ? { index, digest: Buffer.from(payload.subarray(8)) } : null;
}
