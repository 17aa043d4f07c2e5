import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addSubmitOptions, taskOfOptions, type SubmitOptions } from './submit-options.ts';

const ID = '0198c0de-7a11-7000-8000-000000000000';

function taskOf(...args: readonly string[]): unknown {
  const command = addSubmitOptions(new Command().exitOverride());
  command.configureOutput({ writeErr: () => undefined });
  command.parse(args, { from: 'user' });
  return taskOfOptions(command.opts<SubmitOptions>());
}

test('says where a task would rather run', () => {
  const costs = ['--agent-cost', 'gpu=h100:8', '--agent-cost', 'gpu=a:100=x:0.5'];
  expect(taskOf('--near', 'zone=us', '--near', 'disk=ssd', '--apart', 'shard-7', ...costs)).toEqual(
    {
      placement: {
        near: { zone: 'us', disk: 'ssd' },
        apart: 'shard-7',
        costs: { gpu: { h100: 8, 'a:100=x': 0.5 } },
      },
    },
  );
  expect(taskOf()).toEqual({});
});

test.each(['gpu', 'gpu=h100', '=h100:1', 'gpu=h100:', 'gpu=h100:much', 'gpu:1=h100'])(
  'refuses --agent-cost %s',
  (text) => {
    expect(() => taskOf('--agent-cost', text)).toThrow();
  },
);

test('says what bounds a task, and what follows when it fails', () => {
  const budget = ['--budget', 'tokens=100_000', '--budget', 'usd=0.5', '--budget', 'wall=10m'];
  const counts = ['--budget', 'subtasks=5', '--budget', 'depth=0', '--budget', 'fan-out=3'];
  expect(taskOf(...budget, ...counts, '--total-timeout', '1h')).toEqual({
    budget: { tokens: 100_000, costUsd: 0.5, wallMs: 600_000, subtasks: 5, depth: 0, fanOut: 3 },
    timeouts: { totalMs: 3_600_000 },
  });
  const steps = [
    '--escalate',
    '2:capability=a,capability=b,label.zone=eu',
    '--escalate',
    '4:queue=q,priority=7',
  ];
  const schema = ['--result-schema', '{"type":"object"}', '--invalid-attempts', '5'];
  expect(taskOf(...steps, ...schema, '--retry-avoid', 'zone', '--downstream', 'openai')).toEqual({
    downstreams: ['openai'],
    resultSchema: { type: 'object' },
    retry: {
      avoid: 'zone',
      invalid: { attemptsMax: 5 },
      escalate: [
        { afterAttempt: 2, capabilities: ['a', 'b'], labels: { zone: 'eu' } },
        { afterAttempt: 4, queue: 'q', priority: 7 },
      ],
    },
  });
  expect(taskOf('--depends-on', ID, '--depends-on', `${ID}:skip`)).toEqual({
    dependsOn: [{ taskId: ID }, { taskId: ID, onFailure: 'skip' }],
  });
});

test.each([
  ['--budget', 'dollars=1'],
  ['--budget', 'tokens'],
  ['--budget', 'wall=soon'],
  ['--escalate', 'capability=a'],
  ['--escalate', '2:'],
  ['--escalate', '2:priority=12'],
  ['--escalate', '2:color=red'],
  ['--depends-on', 'total'],
  ['--depends-on', `${ID}:stop`],
  ['--result-schema', '{'],
  ['--result-schema', '@/no/such/file'],
  ['--retry-avoid', 'all'],
])('refuses %s %s', (option, value) => {
  expect(() => taskOf(option, value)).toThrow();
});

test('says how several submits are one task', () => {
  const debounce = ['--debounce', 'k', '--window', '5s'];
  expect(taskOf(...debounce, '--window-max', '1m')).toEqual({
    dedupe: { key: 'k', mode: 'debounce', windowMs: 5_000, maxMs: 60_000 },
  });
  expect(taskOf('--keep-last', 'k')).toEqual({ dedupe: { key: 'k', mode: 'keep-last' } });
  expect(() => taskOf('--debounce', 'k')).toThrow('must come with --window');
  expect(() => taskOf('--window', '5s')).toThrow('must come with --window');
  expect(() => taskOf(...debounce, '--throttle', 'j')).toThrow('cannot be used with');
});
