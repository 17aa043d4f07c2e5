/** Angles of rotations, brought to one form so that equal ones are found equal. */
import { ANGLE_EPSILON } from '../synthesis/quaternion.ts';

const QUARTER = Math.PI / 2;
const EIGHTH = Math.PI / 4;

/** Beyond this, what is added to an angle or divided out of it is lost in its rounding. */
const ANGLE_MAX = 64;

/** The same rotation by a smaller angle, where one is large: modulo 4π, so that halves stay what they are. */
export function boundedAngle(angle: number): number {
  if (Math.abs(angle) <= ANGLE_MAX) return angle;
  return 2 * Math.atan2(Math.sin(angle / 2), Math.cos(angle / 2));
}

/** Quarter turns, 0 … 3, that an angle is to rounding; −1 where it is none. */
function quartersOf(angle: number): number {
  const turns = Math.round(angle / QUARTER);
  return Math.abs(angle - turns * QUARTER) < ANGLE_EPSILON * Math.max(1, Math.abs(turns))
    ? ((turns % 4) + 4) % 4
    : -1;
}

/** Whether an angle is an odd multiple of π/4: the rotation is a T up to Cliffords. */
export function isEighth(given: number): boolean {
  const angle = boundedAngle(given);
  const eighths = Math.round(angle / EIGHTH);
  return (
    eighths % 2 !== 0 && Math.abs(angle - eighths * EIGHTH) < ANGLE_EPSILON * Math.abs(eighths)
  );
}

/** Quarter turns, 0 … 3, and what is left of an angle: ±π/4 exactly, or anything in (−π, π]. */
export interface SplitAngle {
  readonly quarters: number;
  readonly rest: number;
}

/** Takes whole quarter turns out of an angle where that leaves nothing or a T. */
export function splitAngle(given: number): SplitAngle {
  const angle = boundedAngle(given);
  const quarters = quartersOf(angle);
  if (quarters >= 0) return { quarters, rest: 0 };
  if (isEighth(angle)) {
    const eighths = Math.round(angle / EIGHTH);
    const turns = Math.floor(eighths / 2);
    // π/4 stays, 3π/4 is π − π/4: both signs occur, so that the fewest Cliffords are left over.
    return turns % 2 === 0
      ? { quarters: ((turns % 4) + 4) % 4, rest: EIGHTH }
      : { quarters: (((turns + 1) % 4) + 4) % 4, rest: -EIGHTH };
  }
  const wrapped = angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
  return { quarters: 0, rest: wrapped <= -Math.PI ? wrapped + 2 * Math.PI : wrapped };
}
