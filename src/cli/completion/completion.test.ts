import { execFileSync } from 'node:child_process';
import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { StrategyText } from '../../contract/index.ts';
import { CliContext } from '../cli-context.ts';
import { ISING_CHOICES, METHOD_CHOICES, METRIC_CHOICES } from '../commands/quantum.ts';
import { STRATEGY_CHOICES } from '../commands/queue.ts';
import { createProgram } from '../program.ts';
import { commandWords } from './command-words.ts';
import { completionScript, SHELLS } from './completion-script.ts';

const program = createProgram(
  new CliContext({
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    environment: {},
  }),
);
const words = commandWords(program);

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** What bash would offer for the words, the last one being completed. */
function offers(...typed: readonly string[]): string[] {
  const script = `${completionScript('bash', words)}
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _uqo; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['-c', script, 'bash', ...typed], { encoding: 'utf8' });
  return out.split('\n').filter((line) => line !== '');
}

test('every command of the tree is known', () => {
  expect(words.length).toBe(everyCommand(program).length);
});

test.each([
  [['uqo', 'ta'], ['task']],
  [['uqo', 'task', 'su'], ['submit']],
  [
    ['uqo', 'dlq', 're'],
    ['resolve', 'reopen', 'redrive'],
  ],
  [['uqo', '--output', 'json', 'queue', 'pa'], ['pause']],
  [
    ['uqo', 'task', 'list', '--output', ''],
    ['table', 'json', 'jsonl', 'yaml'],
  ],
  [
    ['uqo', 'task', 'list', '-o', 'j'],
    ['json', 'jsonl'],
  ],
  [['uqo', 'start', '--log', 'e'], ['embedded']],
  [['uqo', 'start', '--log-l'], ['--log-level']],
  [
    ['uqo', 'task', 'submit', '--retry-strategy', 'f'],
    ['fixed', 'fibonacci'],
  ],
  [['uqo', 'queue', 'set', 'mail', '--strategy', 'r'], ['round-robin']],
  [['uqo', 'task', 'submit', '--queue', ''], []],
  [['uqo', 'task', 'submit', '--payload', 'x'], []],
])('bash completes %j', (typed, expected) => {
  expect(offers(...typed)).toEqual(expected);
});

test('bash offers files where one is wanted', () => {
  expect(offers('uqo', 'start', '--config', '/etc/host')).toContain('/etc/hosts');
});

test('bash offers files to a command that takes one', () => {
  expect(offers('uqo', 'quantum', 'run', '/etc/host')).toContain('/etc/hosts');
  expect(offers('uqo', 'quantum', 'run', '/etc/hosts', '--noise', '/etc/host')).toContain(
    '/etc/hosts',
  );
  expect(offers('uqo', 'quantum', 'run', '/etc/hosts', '--meth')).toEqual(['--method']);
});

test('bash offers every command and option there is', () => {
  for (const { commands, options, path, takesFiles } of words) {
    const expected = [
      ...commands.map(({ name }) => name),
      ...options.flatMap(({ flags }) => flags.filter((flag) => flag.startsWith('--'))),
    ];
    expect(offers('uqo', ...path, takesFiles ? '-' : '')).toEqual(expected);
  }
}, 60_000);

test.each(SHELLS)('the %s script names every command and option', (shell) => {
  const script = completionScript(shell, words);
  for (const { commands, options } of words) {
    for (const { name } of commands) expect(script).toContain(name);
    const flags = options.flatMap((option) => option.flags.filter((flag) => flag.startsWith('--')));
    for (const flag of flags) expect(script).toContain(flag.slice(2));
  }
});

test('the methods and metrics offered are those of the agent', async () => {
  const agents = await import('../../agents/index.ts');
  expect(METHOD_CHOICES).toEqual(agents.METHOD_CHOICES);
  expect(ISING_CHOICES).toEqual(agents.ISING_METHOD_NAMES);
  expect(METRIC_CHOICES).toEqual(agents.METRIC_CHOICES);
});

test('the strategies offered are those of the contract', () => {
  const known = StrategyText.anyOf.map(({ const: name }) => name);
  expect([...STRATEGY_CHOICES].sort()).toEqual([...known].sort());
});
