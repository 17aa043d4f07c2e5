/** The end of a server, and that its data is there for the next one. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OrchestratorError } from '../../base/errors.ts';
import type { StatusView, TaskList, TaskView } from '../../contract/index.ts';
import { EXIT } from '../exit-codes.ts';
import { pathOf, queryOf } from '../server-api.ts';
import { PID_FILE_NAME } from '../server/pid-file.ts';
import type { CheckGroup } from './check.ts';
import { expect } from './expect.ts';
import { ScratchServer } from './scratch-server.ts';
import type { World } from './world.ts';

interface Kept {
  /** Ids of the newest finished tasks before the stop. */
  finished: readonly string[];
  delayedId: string;
  dead: number;
}

export function stopChecks(): CheckGroup {
  const kept: Kept = { finished: [], delayedId: '', dead: 0 };
  return {
    name: 'Stop and start',
    isIndependent: false,
    checks: [
      { title: 'a second server on the same data is refused', run: refuseSecond },
      { title: 'a stop on SIGTERM exits 0', run: (world) => stop(world, kept) },
      { title: 'the data opens again with everything in it', run: (world) => reopen(world, kept) },
    ],
  };
}

async function refuseSecond({ dataDir, entry, workDir }: World): Promise<string> {
  const exitCode = await ScratchServer.start({ dataDir, entry, workDir, port: 0 }).then(
    () => null,
    (error: unknown) => {
      if (error instanceof OrchestratorError) return error.details['exitCode'];
      throw error;
    },
  );
  expect(exitCode === EXIT.dataDirUnusable, `it must exit with ${EXIT.dataDirUnusable}`, exitCode);
  return `exit ${exitCode}`;
}

async function stop(world: World, kept: Kept): Promise<string> {
  const { api } = world;
  const delayed = { type: 'verify.now', delayMs: 3_600_000, idempotencyKey: 'verify-kept' };
  kept.delayedId = (await api.post<TaskView>('/tasks', delayed)).id;
  await world.stopAgents();
  kept.finished = await finishedIds(world);
  kept.dead = (await api.get<StatusView>('/status')).tasks.failed;
  const exitCode = await world.server.stop();
  expect(exitCode === 0, 'the exit code must be 0', exitCode);
  expect(!existsSync(join(world.dataDir, PID_FILE_NAME)), 'uqo.pid must be gone');
  return 'exit 0';
}

async function reopen(world: World, kept: Kept): Promise<string> {
  await world.startServer();
  const { api } = world;
  const finished = await finishedIds(world);
  expect(
    finished.join() === kept.finished.join(),
    'the same tasks must be finished',
    finished.length,
  );
  const delayed = await world.task(kept.delayedId);
  expect(delayed.state === 'scheduled', 'the delayed task must still wait', delayed.state);
  const { tasks } = await api.get<StatusView>('/status');
  expect(tasks.failed === kept.dead, `${kept.dead} dead letters must be there`, tasks.failed);
  await api.post(pathOf('tasks', kept.delayedId, 'cancel'));
  const exitCode = await world.server.stop();
  expect(exitCode === 0, 'the exit code must be 0', exitCode);
  return `${finished.length} finished tasks, ${kept.dead} dead letters, 1 delayed`;
}

async function finishedIds({ api }: World): Promise<string[]> {
  const query = queryOf({ states: 'completed,canceled', limit: 1000 });
  const { items } = await api.get<TaskList>(`/tasks${query}`);
  return items.map(({ id }) => id);
}
