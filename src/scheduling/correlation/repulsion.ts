/** Positive however close two agents are, so that the root of it exists. */
const LEAST = 1e-9;

/**
 * What is left of an agent's failures once those of the chosen are known: det C(S ∪ j) / det C(S), 0..1.
 *
 * With C the correlations of failures and S the agents that have a copy, this is the factor by which j
 * multiplies the probability of a set under a determinantal point process (Kulesza and Taskar,
 * Foundations and Trends in Machine Learning 5, 2012): choosing the j where it is largest, one after the
 * other, is the greedy search for the likeliest set. O(|S|³).
 */
export function leftOver(
  agent: number,
  chosen: readonly number[],
  correlation: (i: number, j: number) => number,
): number {
  // Rows of the Cholesky factor of C(S ∪ j), j last.
  const rows: number[][] = [];
  let left = 1;
  for (const one of [...chosen, agent]) {
    const row: number[] = [];
    left = 1;
    for (const [at, other] of rows.entries()) {
      let value = correlation(one, chosen[at] as number);
      for (let k = 0; k < at; k++) value -= (row[k] as number) * (other[k] as number);
      value /= other[at] as number;
      row.push(value);
      left -= value ** 2;
    }
    left = Math.min(1, Math.max(LEAST, left));
    row.push(Math.sqrt(left));
    rows.push(row);
  }
  return left;
}
