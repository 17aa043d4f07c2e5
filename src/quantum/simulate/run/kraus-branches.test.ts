import { expect, test } from 'vitest';
import { Rng } from '../../../base/rng.ts';
import { matrix } from '../../linear/complex-matrix.ts';
import { randomUnitary } from '../../linear/random-unitary.ts';
import { krausChannel } from '../../states/channel.ts';
import { UNWATCHED } from '../../watch.ts';
import { MatrixProductState } from '../mps/matrix-product-state.ts';
import { SparseState } from '../sparse/sparse-state.ts';
import { PlainState } from '../testing/plain-state.ts';
import { distinct, randomGate } from '../testing/random-circuit.ts';
import { DenseExact } from './dense-exact.ts';
import { krausProbabilities, reducedByTomography } from './kraus-branches.ts';

const SEED = Number(process.env['SEED'] ?? 1);

/** Projectors on random orthonormal vectors: nothing about them is diagonal, or free of the state. */
function projective(qubits: number, rng: Rng): ReturnType<typeof krausChannel> {
  const size = 2 ** qubits;
  const { re, im } = randomUnitary(size, rng);
  const projectors = Array.from({ length: size }, (_, k) =>
    matrix(
      Array.from({ length: size }, (_r, r) =>
        Array.from({ length: size }, (_c, c): [number, number] => {
          const [ar, ai] = [re[r * size + k]!, im[r * size + k]!];
          const [br, bi] = [re[c * size + k]!, -im[c * size + k]!];
          return [ar * br - ai * bi, ar * bi + ai * br];
        }),
      ),
    ),
  );
  return krausChannel('projective', projectors);
}

test.each([1, 2])('operators on %i qubits have the probabilities of Born’s rule', (count) => {
  const rng = Rng.fromSeed(SEED);
  for (let run = 0; run < 10; run++) {
    const gates = Array.from({ length: 30 }, () => randomGate(4, rng));
    const plain = new PlainState(4);
    plain.applyAll(gates, UNWATCHED);
    const channel = projective(count, rng);
    const qubits = distinct(count, 4, rng);
    const expected = channel.operators.map((operator) => {
      const copy = plain.copy();
      copy.applyAll(
        [{ kind: 'unitary', matrix: operator, qubits, controls: [], label: '' }],
        UNWATCHED,
      );
      return copy.re.reduce((sum, _, i) => sum + copy.probability(i), 0);
    });
    for (const state of [
      DenseExact.create(4, {}),
      SparseState.create(4),
      MatrixProductState.create(4),
    ]) {
      state.applyAll(gates, UNWATCHED);
      const found = krausProbabilities(state, channel, qubits, UNWATCHED);
      for (const [k, p] of expected.entries()) expect(found[k]).toBeCloseTo(p, 10);
      const { re } = reducedByTomography(state, qubits, UNWATCHED);
      if (state instanceof DenseExact)
        expect(re[0]).toBeCloseTo(state.reduced(qubits, UNWATCHED).re[0], 10);
    }
  }
});
