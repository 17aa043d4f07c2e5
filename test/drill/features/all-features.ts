import { breakers } from './breakers.ts';
import { budgets } from './budgets.ts';
import { deadLetters } from './dead-letters.ts';
import { dedupe } from './dedupe.ts';
import type { Feature } from './feature.ts';
import { flows } from './flows.ts';
import { kills } from './kills.ts';
import { limits } from './limits.ts';
import { longWork } from './long-work.ts';
import { plain } from './plain.ts';
import { redundancy } from './redundancy.ts';
import { retries } from './retries.ts';
import { schedules } from './schedules.ts';

/** Everything that is drilled: a feature is one file of load and proofs, and a line here. */
export const ALL_FEATURES: readonly Feature[] = [
  plain,
  dedupe,
  limits,
  schedules,
  flows,
  budgets,
  retries,
  deadLetters,
  longWork,
  kills,
  redundancy,
  breakers,
];
