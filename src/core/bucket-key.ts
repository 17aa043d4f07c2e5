/** Keys of buckets: parts joined by line feeds, which no name or key may hold. */

export function limitBucketKey(limit: string, key: string): string {
  return `limit\n${limit}\n${key}`;
}

export function queueBucketKey(queue: string): string {
  return `queue\n${queue}`;
}

export function isOfLimit(bucketKey: string, limit: string): boolean {
  return bucketKey.startsWith(`limit\n${limit}\n`);
}

/** What owns a bucket. */
export function ownerOf(bucketKey: string): {
  readonly kind: 'limit' | 'queue';
  readonly name: string;
} {
  const [kind, name] = bucketKey.split('\n', 2) as ['limit' | 'queue', string];
  return { kind, name };
}
