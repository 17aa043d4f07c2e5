/** Bytes of every hash in the log: half of SHA-256, enough against accidents; Raft does not defend against forgers. */
export const HASH_BYTES = 16;

/** A pure function given from outside, the same on every node of a cluster for ever. */
export interface Hasher {
  /**
   * The hash of all parts one after the other: `HASH_BYTES` bytes, in an array of its own.
   *
   * The caller separates parts by their lengths itself; the hasher need not. It must not keep the parts.
   */
  hash(parts: readonly Uint8Array[]): Uint8Array;
}
