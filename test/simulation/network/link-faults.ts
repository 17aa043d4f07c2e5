import type { Chance } from '../kernel/chance.ts';

/** How a directed link treats frames. Rates are probabilities of a frame, 0 to 1; times are in microseconds. */
export interface LinkFaults {
  readonly delayMinUs: number;
  /** Mean of what is added to `delayMinUs`, exponentially distributed: frames overtake one another. */
  readonly delayMeanUs: number;
  readonly lossRate: number;
  readonly duplicateRate: number;
  /** One bit of the frame is flipped. */
  readonly corruptRate: number;
  /** The frame's end is missing. */
  readonly truncateRate: number;
  /** An old frame of the same link arrives again beside the new one. */
  readonly replayRate: number;
  /** The link holds everything back for a time, then lets it through at once. */
  readonly clogRate: number;
  readonly clogMeanUs: number;
  /** Frames under way at a time on a link; more are lost. */
  readonly framesMax: number;
  /** A link that keeps the order of frames, as a TCP connection does. */
  readonly keepsOrder: boolean;
}

/** A network of a quiet data centre. */
export const HEALTHY_LINK: LinkFaults = {
  delayMinUs: 200,
  delayMeanUs: 300,
  lossRate: 0,
  duplicateRate: 0,
  corruptRate: 0,
  truncateRate: 0,
  replayRate: 0,
  clogRate: 0,
  clogMeanUs: 0,
  framesMax: 10_000,
  keepsOrder: false,
};

export type LinkFault =
  'slow' | 'loss' | 'duplicate' | 'corrupt' | 'replay' | 'clog' | 'narrow' | 'reorder';

export const LINK_FAULTS: readonly LinkFault[] = [
  'slow',
  'loss',
  'duplicate',
  'corrupt',
  'replay',
  'clog',
  'narrow',
  'reorder',
];

/** Rates for the faults that are on; the same draws whichever they are, so that taking one away leaves the rest. */
export function drawLinkFaults(chance: Chance, on: ReadonlySet<string>): LinkFaults {
  const drawn = {
    delayMinUs: chance.below(10_000),
    delayMeanUs: chance.between(500, 20_000),
    lossRate: chance.unit() * 0.3,
    duplicateRate: chance.unit() * 0.2,
    corruptRate: chance.unit() * 0.01,
    truncateRate: chance.unit() * 0.01,
    replayRate: chance.unit() * 0.05,
    clogRate: chance.unit() * 0.002,
    clogMeanUs: chance.between(50_000, 2_000_000),
    framesMax: chance.between(2, 64),
  };
  const rate = (fault: LinkFault, value: number): number => (on.has(fault) ? value : 0);
  return {
    delayMinUs: on.has('slow') ? drawn.delayMinUs : HEALTHY_LINK.delayMinUs,
    delayMeanUs: on.has('slow') ? drawn.delayMeanUs : HEALTHY_LINK.delayMeanUs,
    lossRate: rate('loss', drawn.lossRate),
    duplicateRate: rate('duplicate', drawn.duplicateRate),
    corruptRate: rate('corrupt', drawn.corruptRate),
    truncateRate: rate('corrupt', drawn.truncateRate),
    replayRate: rate('replay', drawn.replayRate),
    clogRate: rate('clog', drawn.clogRate),
    clogMeanUs: drawn.clogMeanUs,
    framesMax: on.has('narrow') ? drawn.framesMax : HEALTHY_LINK.framesMax,
    keepsOrder: !on.has('reorder'),
  };
}
