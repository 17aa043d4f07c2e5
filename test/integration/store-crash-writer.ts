/**
 * Lives on a store until it is killed, taking one checkpoint after another while commands go on.
 *
 * Says `open` on standard output; then into a file, each line at once, `begin <index> <digest>`
 * before each checkpoint, `done <index>` once it is durable, `finished <index> <id> <state>` per task.
 */
import { openSync, writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { apply, createState, digest } from '../../src/core/index.ts';
import { openStore } from '../../src/store/store.ts';
import { crashPayload, nextBatch } from './store-crash-history.ts';
import { resultOf } from '../../src/store/testing/store-run.ts';

const [directory = '', file = ''] = process.argv.slice(2);
// Killed processes leave nothing to the next one by themselves.
flushCompileCache();
// Slices as short as can be: a checkpoint takes long, and a kill mostly strikes one half-way.
const store = await openStore({ directory, flushDelayMs: 5, sliceMs: 0 });
const state = store.restore() ?? createState(1);
const descriptor = openSync(file, 'a');
const say = (line: string): void => void writeSync(descriptor, `${line};\n`);

/** Turns between batches, so that a checkpoint is done within some of them. */
const TURNS_PER_BATCH = 4;

function applyNext(): void {
  const { events } = apply(state, state.index + 1, nextBatch(state));
  const lines: string[] = [];
  for (const event of events) {
    if (event.type === 'task.submitted') store.putPayload(event.task, crashPayload(event.task.id));
    if (event.type !== 'task.completed' && event.type !== 'task.canceled') continue;
    const { task } = event;
    const result = event.type === 'task.completed' ? resultOf(task.id) : null;
    store.finish({ task, result, startedAt: 1, finishedAt: state.nowMs });
    lines.push(`finished ${state.index} ${task.id} ${task.state}`);
  }
  if (lines.length > 0) say(lines.join(';\n'));
}

async function takeCheckpoints(): Promise<void> {
  for (;;) {
    say(`begin ${state.index} ${digest(state)}`);
    const { appliedIndex } = await store.checkpoint(state);
    say(`done ${appliedIndex}`);
  }
}

writeSync(1, 'open');
applyNext();
void takeCheckpoints();
for (let turn = 0; ; turn++) {
  if (turn % TURNS_PER_BATCH === 0) applyNext();
  await nextTurn();
}
