/** Reads the log of a data folder that no server has open, from its first entry. */
import { join } from 'node:path';
import { apply, createState, digest, type CoreState } from '../../../src/core/index.ts';
import { openEmbeddedLog } from '../../../src/log/index.ts';
import { decodeEntry } from '../../../src/runtime/entry-codec.ts';
import { CORE_SEED } from '../../../src/runtime/recover.ts';
import { openStore } from '../../../src/store/index.ts';
import { EntryFacts } from './entry-facts.ts';
import type { Fact, ReadLog } from './fact.ts';

/** @throws Error for a log that does not begin with its first entry */
export async function readLog(dataDir: string): Promise<ReadLog> {
  const stored = await storedState(dataDir);
  const state = createState(CORE_SEED);
  const facts: Fact[] = [];
  const entryFacts = new EntryFacts();
  let digestThen = 'the log ends before';
  const log = await openEmbeddedLog({ directory: join(dataDir, 'log') });
  const { firstIndex } = log.recovery;
  if (firstIndex !== 1) throw new Error(`the log must begin with entry 1, got ${firstIndex}`);
  for await (const { body, index } of log.read(0)) {
    const entry = decodeEntry(body);
    const applied = apply(state, index, entry.batch);
    for (const fact of entryFacts.of(state, entry, applied)) facts.push(fact);
    if (index === stored.index) digestThen = digest(state);
  }
  await log.close();
  return {
    facts,
    entries: state.index,
    pending: pendingOf(state),
    endedAt: state.nowMs,
    digest: digestThen,
    storeDigest: stored.digest,
  };
}

function pendingOf(state: CoreState): ReadonlyMap<string, string> {
  const live = [...state.tasks.values()].filter((task) => task.state !== 'failed');
  return new Map(live.map((task) => [task.id, `${task.state} (${task.reason ?? 'no reason'})`]));
}

/** The state that the server left in its store when it stopped. */
async function storedState(
  dataDir: string,
): Promise<{ readonly index: number; readonly digest: string }> {
  const store = await openStore({ directory: join(dataDir, 'store') });
  try {
    const state = store.restore();
    if (state === null) return { index: 0, digest: 'no checkpoint' };
    return { index: state.index, digest: digest(state) };
  } finally {
    await store.close();
  }
}
