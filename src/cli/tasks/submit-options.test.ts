import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addSubmitOptions, taskOfOptions, type SubmitOptions } from './submit-options.ts';

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
