import { InvalidRequestError } from './check.ts';
import type { NormalizedRules } from './normalize.ts';
import type { TaskOptions } from './task.ts';

/** @throws InvalidRequestError for more agreeing than there are, and for what excludes each other */
export function copyRules(options: TaskOptions): Pick<NormalizedRules, 'redundancy' | 'hedge'> {
  const { concurrency, hedge, redundancy, requires } = options;
  if (redundancy !== undefined && hedge !== undefined) {
    throw new InvalidRequestError('/hedge', 'must be absent where there is a redundancy');
  }
  if (redundancy !== undefined && requires?.agent !== undefined) {
    const message = 'must be absent where there is a redundancy: copies need several agents';
    throw new InvalidRequestError('/requires/agent', message);
  }
  const replaces = (concurrency?.policy ?? 'queue') !== 'queue';
  if (redundancy !== undefined && replaces) {
    const message = 'must be queue where there is a redundancy: copies would cancel each other';
    throw new InvalidRequestError('/concurrency/policy', message);
  }
  return { ...redundancyRule(redundancy), ...hedgeRule(hedge) };
}

function redundancyRule(
  redundancy: TaskOptions['redundancy'],
): Pick<NormalizedRules, 'redundancy'> {
  if (redundancy === undefined) return {};
  const { comparator, copies } = redundancy;
  const agree = redundancy.agree ?? Math.floor(copies / 2) + 1;
  if (agree > copies) {
    const message = `must be at most the ${copies} copies, got ${agree}`;
    throw new InvalidRequestError('/redundancy/agree', message);
  }
  return {
    redundancy: { copies, agree, ...(comparator === undefined ? {} : { comparator }) },
  };
}

function hedgeRule(hedge: TaskOptions['hedge']): Pick<NormalizedRules, 'hedge'> {
  if (hedge === undefined) return {};
  const { afterMs, copiesMax = 1, percentile = 0.95 } = hedge;
  return { hedge: { ...(afterMs === undefined ? {} : { afterMs }), percentile, copiesMax } };
}
