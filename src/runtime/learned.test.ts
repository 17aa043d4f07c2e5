import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Learned, type Learner } from './learned.ts';
import { openRuntime } from './open-runtime.ts';
import type { RuntimeLogger } from './runtime-logger.ts';

let folder = '';
let warnings: string[] = [];
const logger: RuntimeLogger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (message) => void warnings.push(message),
  error: () => undefined,
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'uqo-learned-'));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

class Pupil implements Learner {
  facts: unknown = null;
  remember(): unknown {
    return this.facts;
  }
  recall(known: unknown): void {
    this.facts = known;
  }
}

function taught(learned: Learned, name: string): Pupil {
  const pupil = new Pupil();
  learned.add(name, pupil);
  return pupil;
}

describe('what was learned', () => {
  test('is told to the next of its name, in this process and in the next one', async () => {
    const first = new Learned(folder, logger);
    taught(first, 'a').facts = [1];
    taught(first, 'b').facts = [2];
    const successor = taught(first, 'a');
    expect(successor.facts).toEqual([1]);
    successor.facts = [1, 3];
    await first.save();
    const second = new Learned(folder, logger);
    expect(['a', 'b', 'c'].map((name) => taught(second, name).facts)).toEqual([[1, 3], [2], null]);
    expect(warnings).toEqual([]);
  });

  test.each([
    ['', 'what was learned before cannot be read'],
    ['{"version":1,"lear', 'what was learned before cannot be read'],
    ['{"version":7,"learned":{}}', 'what was learned before is of another version and was left'],
  ])('begins anew after the file %j, and says so', (text, warning) => {
    writeFileSync(join(folder, 'learned.json'), text);
    expect(taught(new Learned(folder, logger), 'a').facts).toBe(null);
    expect(warnings).toEqual([warning]);
  });

  test('is kept in mind where there is no folder, or none that can be written to', async () => {
    const nowhere = new Learned(null, logger);
    taught(nowhere, 'a').facts = 1;
    await nowhere.save();
    expect(warnings).toEqual([]);
    const gone = new Learned(join(folder, 'missing'), logger);
    taught(gone, 'a').facts = 1;
    await gone.save();
    expect(warnings).toEqual(['what was learned could not be written down']);
  });
});

test('recoveries and run times outlive a restart; damaged ones are left out', async () => {
  const options = { dataDir: folder, version: '0', supervision: { enabled: true }, logger };
  let runtime = await openRuntime(options);
  const recovery = {
    kind: 'check.disk',
    subject: 'disk',
    cause: 'full',
    outcome: 'waits',
  } as const;
  runtime.recoveries.record({ ...recovery, isResolved: false });
  await runtime.serve({ id: 'worker', capabilities: ['work'] }, () => 1);
  const id = await runtime.submitTask({ type: 'work' });
  await runtime.tasks.wait(id as never, 30_000);
  await runtime.close(0);
  const path = join(folder, 'learned.json');
  const file = JSON.parse(readFileSync(path, 'utf8')) as { learned: Record<string, unknown[]> };
  expect(file.learned['runTimes']).toEqual([['work', [expect.any(Number), 1]]]);
  file.learned['recoveries']?.push({ kind: 'check.log' }, 7);
  writeFileSync(path, JSON.stringify(file));
  runtime = await openRuntime(options);
  expect(runtime.recoveries.list()).toMatchObject([{ ...recovery, isResolved: false, count: 1 }]);
  expect(runtime.recoveries.counts().size).toBe(0);
  await runtime.close(0);
  const again = JSON.parse(readFileSync(path, 'utf8')) as typeof file;
  expect(again.learned['runTimes']).toEqual(file.learned['runTimes']);
});
