/** What {@link multiplexedRotation} needs of a circuit. */
export interface RotationSink {
  rotate(angle: number): void;
  /** X on the target under select `k`, which must turn the rotations round. */
  flip(select: number): void;
}

/** Below, an angle is rounding. */
const ANGLE_MIN = 1e-15;

/**
 * Rotations of a target by `angles[s]` where the select qubits read s: one rotation and one flip for each,
 * in Gray order; none where all angles vanish.
 *
 * Source: Möttönen et al., Phys. Rev. Lett. 93 (2004) 130502.
 */
export function multiplexedRotation(angles: Float64Array, sink: RotationSink): void {
  if (angles.every((angle) => Math.abs(angle) < ANGLE_MIN)) return;
  const steps = angles.length;
  const selects = Math.log2(steps);
  for (let i = 0; i < steps; i++) {
    // At step i the target is flipped by the parity of the selects in i's Gray code.
    const gray = i ^ (i >> 1);
    let sum = 0;
    for (let s = 0; s < steps; s++) sum += isOdd(gray & s) ? -angles[s] : angles[s];
    sink.rotate(sum / steps);
    if (selects > 0) sink.flip(i === steps - 1 ? selects - 1 : 31 - Math.clz32((i + 1) & -(i + 1)));
  }
}

function isOdd(bits: number): boolean {
  let rest = bits;
  let odd = false;
  for (; rest !== 0; rest &= rest - 1) odd = !odd;
  return odd;
}
