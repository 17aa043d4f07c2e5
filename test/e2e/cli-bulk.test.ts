/** Bulk operations and groups of dead letters in the command line, against a real server. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scratchServer } from './scratch-server.ts';

const UNKNOWN_ID = '00000000-0000-7000-8000-000000000000';

const scratch = scratchServer();
const { answer, uqo } = scratch;

describe('many tasks at once', () => {
  /** Tasks that no agent takes. */
  const submitIdle = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
      await answer('task', 'submit', 'nobody.does', '--queue', 'idle', '--payload', `{"n":${n}}`);
    }
  };

  test('are counted, moved, canceled and told one by one', async () => {
    await submitIdle(3);
    const counted = await answer('bulk', 'cancel', 'queue:idle', '--dry-run');
    expect(counted).toMatchObject({ matched: 3, dryRun: true });
    const place = ['--to-queue', 'later', '--to-priority', '1', '--yes'];
    expect(await answer('bulk', 'reprioritise', 'queue:idle', ...place)).toMatchObject({
      state: 'completed',
      done: 3,
    });
    const who = ['--by', 'ann', '--reason', 'not needed', '--rate', '1000'];
    const { id } = await answer<{ id: string }>('bulk', 'cancel', 'queue:later', '--yes', ...who);
    expect(await answer('operation', 'get', id)).toMatchObject({
      by: 'ann',
      done: 3,
      remaining: 0,
    });
    const { items } = await answer<{ items: unknown[] }>('operation', 'items', id);
    expect(items).toMatchObject([{ outcome: 'done' }, { outcome: 'done' }, { outcome: 'done' }]);
    const list = await answer<{ items: { id: string }[] }>('operation', 'list');
    expect(list.items[0]?.id).toBe(id);
    expect((await uqo('operation', 'abort', id)).stderr).toContain('OPERATION_ENDED');
    expect((await uqo('bulk', 'cancel', 'queue:later')).stderr).toContain('CONFIRMATION_MISSING');
    expect((await uqo('operation', 'get', UNKNOWN_ID)).exitCode).toBe(4);
  });

  test('that failed alike are a group, redriven with another payload and exported to a file', async () => {
    const bad = ['data.analyze', '--queue', 'alike', '--payload', '{"wrong":2}', '--wait'];
    const ran = await uqo('task', 'submit', ...bad, '-o', 'json');
    const { id } = JSON.parse(ran.stdout) as { id: string };
    const { items } = await answer<{ items: { key: string; live: number }[] }>('dlq', 'groups');
    expect(items[0]).toMatchObject({ live: 1, state: 'open', type: 'data.analyze' });
    const key = items[0]?.key ?? '';
    expect(await answer('dlq', 'ignore', key, '--by', 'ann')).toMatchObject({ state: 'ignored' });
    expect(await answer('dlq', 'reopen', key)).toMatchObject({ state: 'open' });
    const file = join(scratch.folder, 'dead.jsonl');
    expect((await uqo('dlq', 'export', file)).stderr).toContain('1 dead letters exported');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ id, payload: { wrong: 2 } });
    const payload = '{"csv":"a,b\\n1,2\\n"}';
    const redriven = await answer('dlq', 'redrive', '--group', key, '--payload', payload, '--yes');
    expect(redriven).toMatchObject({ matched: 1, done: 1 });
    expect((await uqo('task', 'wait', id)).exitCode).toBe(0);
    expect(await answer('dlq', 'resolve', key)).toMatchObject({ state: 'resolved', live: 0 });
  });
});
