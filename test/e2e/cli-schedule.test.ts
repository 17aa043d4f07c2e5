/** Schedules in the command line, against a real server. */
import { describe, expect, test } from 'vitest';
import { scratchServer } from './scratch-server.ts';
import { runUqo } from './uqo-process.ts';

const scratch = scratchServer();
const { answer, uqo } = scratch;

describe('a schedule', () => {
  test('is set, listed, triggered, paused, backfilled and removed', async () => {
    const set = ['schedule', 'set', 'nightly', 'ml.forecast', '--cron', '30 2 * * *'];
    const payload = ['--payload', '{"series":[1,2,3,4,5,6,7,8,9,10],"horizon":1}'];
    const made = await answer(...set, ...payload, '--tz', 'Europe/Berlin', '--overlap', 'allow');
    expect(made).toMatchObject({ name: 'nightly', state: 'active', timezone: 'Europe/Berlin' });
    const { taskId } = await answer<{ taskId: string }>('schedule', 'trigger', 'nightly');
    expect(await answer('task', 'wait', taskId)).toMatchObject({ state: 'completed' });
    expect((await uqo('task', 'explain', taskId)).stdout).toMatch(/made by +schedule nightly for/);
    expect((await uqo('schedule', 'list')).stdout).toMatch(/nightly +active +30 2 \* \* \*/);
    const why = ['--reason', 'holiday', '--by', 'ann'];
    expect((await uqo('schedule', 'pause', 'nightly', ...why)).stdout).toMatch(
      /paused since .* ann: holiday/,
    );
    expect(await answer('schedule', 'resume', 'nightly')).toMatchObject({ state: 'active' });
    const range = ['--from', '2026-03-01T00:00:00Z', '--to', '2026-03-08T00:00:00Z', '--dry-run'];
    expect(await answer('schedule', 'backfill', 'nightly', ...range)).toMatchObject({ count: 7 });
    expect((await uqo('schedule', 'get', 'nightly')).stdout).toContain(`triggered ${taskId}`);
    expect(await uqo('schedule', 'remove', 'nightly')).toMatchObject({ exitCode: 0 });
    expect(await uqo('schedule', 'get', 'nightly')).toMatchObject({ exitCode: 4 });
    const bad = await uqo('schedule', 'set', 'bad', 'x', '--cron', '61 * * * *');
    expect(bad).toMatchObject({ exitCode: 1 });
    expect(bad.stderr).toContain('minute in field 1');
  });

  test('is looked ahead without a server', async () => {
    const from = ['--from', '2026-03-07T12:00:00Z', '--tz', 'America/New_York', '--count', '2'];
    const env = { UQO_URL: 'http://127.0.0.1:1' };
    const args = ['schedule', 'next', '30 2 * * *', ...from, '--output', 'json'];
    const { stdout } = await runUqo(args, { cwd: scratch.folder, env });
    expect(JSON.parse(stdout)).toEqual([
      { at: '2026-03-08T07:00:00.000Z', local: '2026-03-08 03:00:00' },
      { at: '2026-03-09T06:30:00.000Z', local: '2026-03-09 02:30:00' },
    ]);
    expect(await uqo('schedule', 'next', '0 0 30 2 *')).toMatchObject({ exitCode: 1 });
    expect((await uqo('schedule', 'next', '* * * *')).stderr).toContain('5 fields');
  });
});
