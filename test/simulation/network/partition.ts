import type { Chance } from '../kernel/chance.ts';

export type PartitionKind =
  'isolate' | 'split' | 'one-way' | 'bridge' | 'ring' | 'mute' | 'deaf' | 'link';

const PARTITION_KINDS: readonly PartitionKind[] = [
  'isolate',
  'split',
  'one-way',
  'bridge',
  'ring',
  'mute',
  'deaf',
  'link',
];

/** Which directed links are cut, as `from * count + to`. */
export interface Partition {
  readonly kind: PartitionKind;
  readonly cut: readonly number[];
}

/**
 * Draws a partition of `count` endpoints.
 *
 * `isolate` cuts one off both ways, `mute` and `deaf` one way; `split` makes two sides, `one-way` lets only one of them
 * talk to the other; `bridge` leaves one endpoint that both sides can talk to; in a `ring` each talks to its two
 * neighbours; `link` cuts one pair.
 */
export function drawPartition(chance: Chance, count: number): Partition {
  const kind = chance.pick(PARTITION_KINDS);
  const order = chance.shuffle(Array.from({ length: count }, (_, endpoint) => endpoint));
  const sideSize = chance.between(1, Math.max(1, count - 1));
  const bridgeSide = Math.min(sideSize, count - 2);
  const place = (endpoint: number): number => order.indexOf(endpoint);
  const isCut = (from: number, to: number): boolean => {
    const [source, target] = [place(from), place(to)];
    switch (kind) {
      case 'isolate':
        return source === 0 || target === 0;
      case 'mute':
        return source === 0;
      case 'deaf':
        return target === 0;
      case 'split':
        return source < sideSize !== target < sideSize;
      case 'one-way':
        return source < sideSize && target >= sideSize;
      case 'bridge':
        return source !== 0 && target !== 0 && source <= bridgeSide !== target <= bridgeSide;
      case 'ring':
        return ![1, count - 1].includes(Math.abs(source - target));
      case 'link':
        return source + target === 1;
    }
  };
  const cut: number[] = [];
  for (let from = 0; from < count; from += 1) {
    for (let to = 0; to < count; to += 1) {
      if (from !== to && isCut(from, to)) cut.push(from * count + to);
    }
  }
  return { kind, cut };
}
