import { OrchestratorError } from '../base/errors.ts';

/** How much is under way: what is refused and what is thinned follows from it. */
export const ADMISSION_LEVELS = ['normal', 'elevated', 'critical'] as const;
export type AdmissionLevel = (typeof ADMISSION_LEVELS)[number];

/** What an operator may say about admission. */
export interface AdmissionOptions {
  /** Default true; without it only the fixed bounds of the queues refuse. */
  readonly enabled?: boolean;
  /** Delay of a submit that may stand for a whole interval, in milliseconds. 10 to 60,000, default 250. */
  readonly delayTargetMs?: number;
  /** Share of the heap's and of the machine's memory at which nearly everything is refused. 0.1 to 1, default 0.9. */
  readonly memoryShareMax?: number;
}

export interface AdmissionSettings {
  readonly delayTargetMs: number;
  readonly memoryShareMax: number;
}

const BOUNDS = {
  delayTargetMs: { min: 10, max: 60_000, default: 250 },
  memoryShareMax: { min: 0.1, max: 1, default: 0.9 },
} as const;

/** @throws OrchestratorError `ADMISSION_OPTION_INVALID` */
export function admissionSettings(options: AdmissionOptions = {}): AdmissionSettings {
  return {
    delayTargetMs: within('delayTargetMs', options.delayTargetMs),
    memoryShareMax: within('memoryShareMax', options.memoryShareMax),
  };
}

function within(name: keyof typeof BOUNDS, given: number | undefined): number {
  const { default: fallback, max, min } = BOUNDS[name];
  if (given === undefined) return fallback;
  if (given >= min && given <= max) return given;
  throw new OrchestratorError(
    'ADMISSION_OPTION_INVALID',
    `${name} must be ${min} to ${max}, got ${given}`,
    { name },
  );
}
