import { OrchestratorError } from '../base/errors.ts';
import { apply, createState, type CoreState } from '../core/index.ts';
import type { ReplicatedLog } from '../log/index.ts';
import type { Store } from '../store/index.ts';
import { decodeEntry } from './entry-codec.ts';
import { replayEffects } from './replay.ts';
import type { RuntimeLogger } from './runtime-logger.ts';

/**
 * Where core's chance begins. A constant, because the log does not say: entries that are replayed without
 * a checkpoint must draw what they drew the first time. It only spreads retries, so it is no secret.
 */
export const CORE_SEED = 1;

/** The state at the end of the log: the newest checkpoint, and the entries after it. */
export async function recover(
  store: Store,
  log: ReplicatedLog,
  seed: number,
  logger: RuntimeLogger,
): Promise<CoreState> {
  const state = store.restore() ?? createState(seed);
  const { firstIndex, lastIndex, tornBytes } = log.recovery;
  if (lastIndex < state.index || firstIndex > state.index + 1) {
    throw new OrchestratorError(
      'LOG_STORE_MISMATCH',
      `the log must continue the store, got entries ${firstIndex}..${lastIndex} after ${state.index}: the folders are of different origin or one was changed by hand`,
      { firstIndex, lastIndex, appliedIndex: state.index },
    );
  }
  if (tornBytes > 0)
    logger.warn('an unfinished write at the end of the log was cut', { tornBytes });
  let entries = 0;
  for await (const { index, body } of log.read(state.index)) {
    const entry = decodeEntry(body);
    replayEffects(state, store, entry, apply(state, index, entry.batch));
    // A long replay must not keep all it finishes in memory.
    if (store.backlog.full) await store.flush();
    entries += 1;
  }
  logger.info('state recovered', {
    index: state.index,
    replayed: entries,
    tasks: state.tasks.size,
  });
  return state;
}
