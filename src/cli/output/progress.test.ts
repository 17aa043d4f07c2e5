import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { Output } from './output.ts';
import { Progress } from './progress.ts';

function ground(isTTY: boolean): { output: Output; told: () => string } {
  const stderr = Object.assign(new PassThrough(), { isTTY });
  const stdout = new PassThrough();
  return {
    output: new Output({ format: 'table', stdout, stderr, environment: {} }),
    told: () => String(stderr.read() ?? ''),
  };
}

test('a terminal gets one line that is drawn again and cleared at the end', () => {
  const { output, told } = ground(true);
  let now = 0;
  const progress = new Progress(output, 'tasks', () => now);
  now = 50;
  progress.update({ count: 1, fraction: 0.1 });
  expect(told()).toBe('');
  now = 1000;
  progress.update({ count: 2000, fraction: 0.5 });
  expect(told()).toBe(
    `\r\u001B[K${'█'.repeat(12)}${'░'.repeat(12)} 50%  2,000 tasks, 2,000/s, 1.0s left`,
  );
  expect(progress.end()).toBe(1000);
  expect(told()).toBe('\r\u001B[K');
});

test('elsewhere a plain line comes now and then', () => {
  const { output, told } = ground(false);
  let now = 0;
  const progress = new Progress(output, 'tasks', () => now);
  for (now = 1000; now <= 10_000; now += 1000) progress.update({ count: now, fraction: null });
  progress.end();
  expect(told()).toBe('5,000 tasks, 1,000/s\n10,000 tasks, 1,000/s\n');
});
