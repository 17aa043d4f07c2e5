import { namespaceOf } from '../core/index.ts';
import { ArrivalLine } from './arrival-line.ts';
import type { FairShare, FairShares } from './fair-share.ts';
import type { Arrival } from './placement.ts';

/** The line of a batch's arrivals, of which there is one at least; each is counted in its share. O(arrivals). */
export function lineOfArrivals(arrivals: readonly Arrival[], shares: FairShares): ArrivalLine {
  const first = arrivals[0] as Arrival;
  const { profile: only } = first;
  if (arrivals.every(({ control, profile }) => profile === only && control === null)) {
    return new ArrivalLine(arrivals, shareOf(first, shares));
  }
  return mixedLineOf(arrivals, shares);
}

function shareOf({ control, profile }: Arrival, shares: FairShares): FairShare {
  const namespace = shares.namespace(namespaceOf(profile.queueName));
  if (namespace.waiting === 0) namespace.group.wake(namespace);
  const share = shares.key(namespace, control?.fairnessKey ?? null);
  if (share.waiting === 0) share.group.wake(share);
  return share;
}

function mixedLineOf(arrivals: readonly Arrival[], shares: FairShares): ArrivalLine {
  let profile: Arrival['profile'] | null = null;
  let plain: FairShare | null = null;
  const entrants = arrivals.map((arrival) => {
    if (arrival.control !== null) return { arrival, share: shareOf(arrival, shares) };
    if (profile !== arrival.profile || plain === null) {
      profile = arrival.profile;
      plain = shareOf(arrival, shares);
    }
    return { arrival, share: plain };
  });
  return new ArrivalLine(entrants, null);
}
