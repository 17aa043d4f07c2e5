import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apply } from './apply.ts';
import type { CommandBatch } from './command.ts';
import { digest } from './digest.ts';
import { checkInvariants } from './invariants.ts';
import { restoreState } from './restore.ts';
import { createState, type CoreState } from './state.ts';
import { CheckpointStore } from './testing/checkpoint-store.ts';
import { batchOf, histories, type Move } from './testing/histories.ts';
import { rowsOf } from './testing/snapshot.ts';
import { eventText, resultText } from './testing/trace.ts';

const SEED = process.env['SEED'];
const options = { numRuns: 400, ...(SEED === undefined ? {} : { seed: Number(SEED) }) };

/** Plays moves on a state and returns the batches they came to, as a log would hold them. */
function record(state: CoreState, moves: readonly Move[]): CommandBatch[] {
  return moves.map((move) => {
    const batch = batchOf(state, move);
    apply(state, state.index + 1, batch);
    return JSON.parse(JSON.stringify(batch)) as CommandBatch;
  });
}

/** Applies the next batch of a log to both states and holds them against each other. */
function applyToBoth(one: CoreState, other: CoreState, batch: CommandBatch): void {
  const [did, didToo] = [one, other].map((state) => {
    const { results, events } = apply(state, state.index + 1, batch);
    return [...results.map(resultText), ...events.map(eventText)].join('\n');
  });
  if (did !== didToo) throw new Error(`answers or events differ\n${did}\n---\n${didToo}`);
  if (digest(one) !== digest(other)) throw new Error(`digests differ after ${one.index}`);
}

describe('the same log', () => {
  test('gives the same digest on two states that were built apart', () => {
    fc.assert(
      fc.property(fc.integer(), histories(40), (seed, moves) => {
        const log = record(createState(seed), moves);
        const [one, other] = [createState(seed), createState(seed)];
        for (const batch of log) applyToBoth(one, other, batch);
      }),
      options,
    );
  });

  test('gives the same digest across a snapshot, a restore and all that follows', () => {
    fc.assert(
      fc.property(fc.integer(), histories(40), fc.nat(), (seed, moves, at) => {
        const log = record(createState(seed), moves);
        const middle = at % (log.length + 1);
        const original = createState(seed);
        for (const batch of log.slice(0, middle)) apply(original, original.index + 1, batch);
        const restored = restoreState(rowsOf(original));
        checkInvariants(restored);
        expect(digest(restored)).toBe(digest(original));
        for (const batch of log.slice(middle)) applyToBoth(original, restored, batch);
        checkInvariants(restored);
      }),
      options,
    );
  });
});

describe('incremental checkpoints', () => {
  /** A state, the store its checkpoints go to, and the digest the one under way promised. */
  class Rig {
    readonly state: CoreState;
    readonly #store = new CheckpointStore();
    #promised: string | null = null;
    done = 0;

    constructor(state: CoreState) {
      this.state = state;
    }

    /** Begins a checkpoint, or goes on with the one under way by a few rows. */
    checkpoint(rowsMax: number): void {
      if (this.#promised === null) {
        this.#promised = digest(this.state);
        this.#store.begin(this.state);
      } else if (this.#store.step(rowsMax)) {
        expect(digest(restoreState(this.#store.rows()))).toBe(this.#promised);
        this.#promised = null;
        this.done += 1;
      }
    }

    /** The state as a restart would find it: the last checkpoint, then the log's tail. */
    restarted(log: readonly CommandBatch[]): CoreState {
      const state = restoreState(this.#store.rows());
      for (const batch of log.slice(state.index)) apply(state, state.index + 1, batch);
      return state;
    }
  }

  test('written in small slices between commands hold the state of their beginning', () => {
    let done = 0;
    fc.assert(
      fc.property(
        fc.integer(),
        histories(60),
        fc.integer({ min: 1, max: 4 }),
        (seed, moves, max) => {
          const log = record(createState(seed), moves);
          const rig = new Rig(createState(seed));
          for (const batch of log) {
            rig.checkpoint(max);
            apply(rig.state, rig.state.index + 1, batch);
            rig.checkpoint(max);
          }
          done += rig.done;
          if (rig.done > 0) expect(digest(rig.restarted(log))).toBe(digest(rig.state));
        },
      ),
      options,
    );
    // Several a history, so that later checkpoints build on earlier ones.
    expect(done).toBeGreaterThan(3 * options.numRuns);
  });

  test('go on in the same store after a restart', () => {
    fc.assert(
      fc.property(fc.integer(), histories(40), (seed, moves) => {
        const log = record(createState(seed), moves);
        const store = new CheckpointStore();
        let state = createState(seed);
        for (const batch of log) {
          apply(state, state.index + 1, batch);
          store.begin(state);
          while (!store.step(3));
          const restarted = restoreState(store.rows());
          expect(digest(restarted)).toBe(digest(state));
          checkInvariants(restarted);
          state = restarted;
        }
      }),
      { ...options, numRuns: 150 },
    );
  });
});
