import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { CliContext } from './cli-context.ts';
import { CONFIG_KEYS } from './config/config-keys.ts';
import { createProgram } from './program.ts';
import { runCli } from './run-cli.ts';

const docs = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8');

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...args: readonly string[]): Promise<Ran> {
  const streams = {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    environment: {},
  };
  const exitCode = await runCli(args, streams);
  streams.stdout.end();
  streams.stderr.end();
  return { exitCode, stdout: await text(streams.stdout), stderr: await text(streams.stderr) };
}

function everyCommand(command: Command, path: readonly string[]): [string, Command][] {
  const own: [string, Command] = [path.join(' '), command];
  return [
    own,
    ...command.commands.flatMap((child) => everyCommand(child, [...path, child.name()])),
  ];
}

const streams = {
  stdin: new PassThrough(),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  environment: {},
};
const commands = everyCommand(createProgram(new CliContext(streams)), ['uqo']);

test.each(commands)('%s and its options are in the docs', (path, command) => {
  if (command.commands.length === 0) expect(docs).toContain(`\`${path}`);
  for (const { long } of command.options) expect(docs).toContain(`${long}`);
});

test.each(CONFIG_KEYS.map((key) => [key.name, key] as const))('%s is in the docs', (name, key) => {
  expect(docs).toContain(`\`${name}\``);
  expect(docs).toContain(`\`${key.env}\``);
});

test.each([
  ['n', 1, 'NOT_CONFIRMED'],
  ['', 1, 'NOT_CONFIRMED'],
  // Confirmed, it goes on to the server, which is not there.
  ['y', 3, 'SERVER_UNREACHABLE'],
])('on a terminal a purge asks first; %j exits %i', async (typed, code, message) => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stderr = Object.assign(new PassThrough(), { isTTY: true });
  stdin.end(`${typed}\n`);
  const id = '01900000-0000-7000-8000-000000000000';
  const args = ['dlq', 'purge', id, '--url', 'http://127.0.0.1:1'];
  const streams = { stdin, stdout: new PassThrough(), stderr, environment: {} };
  expect(await runCli(args, streams)).toBe(code);
  stderr.end();
  const told = await text(stderr);
  expect(told).toContain('purge 1 dead letters? [y/N]');
  expect(told).toContain(message);
});

test('help leads with examples and ends with the exit codes', async () => {
  const { exitCode, stdout } = await run('--help');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^Examples:\n {2}uqo start/);
  expect(stdout).toContain('Exit codes:\n    0  done\n    1  ');
});

test.each([
  [['tsak', 'list'], "unknown command 'tsak'", '(Did you mean task?)'],
  [['task', 'lsit'], "unknown command 'lsit'", '(Did you mean list?)'],
  [['task', 'list', '--sate', 'x'], "unknown option '--sate'", '(Did you mean --state?)'],
  [['task', 'get'], "missing required argument 'id'", ''],
  [['task', 'get', 'x'], 'It must be a task id', ''],
  [['task', 'submit'], 'a task must have a type', ''],
  [['task', 'submit', 't', '--priority', '10'], 'an integer from 0 to 9', ''],
  [['task', 'submit', 't', '--delay', '30'], 'a duration such as', ''],
  [['task', 'submit', 't', '--metadata', 'x'], 'NAME=VALUE', ''],
  [['task', 'submit', 't', '--delay', '1s', '--run-at', 'x'], 'cannot be used with', ''],
  [['task', 'submit', 't', '--file', 'x', '--wait'], '--file must be alone', ''],
  [['task', 'submit', 't', '--payload', '{'], 'the payload must be JSON', 'quote texts'],
  [['queue', 'set', 'q'], 'a setting must be given', ''],
  [['dlq', 'redrive'], 'must be said in one way', ''],
  [['dlq', 'purge', '--all', '--queue', 'q'], 'must be said in one way', ''],
  [['dlq', 'purge', '--all'], '--all must be confirmed with --yes', '--dry-run'],
  [['status', '-o', 'xml'], 'Allowed choices are table, json, jsonl, yaml', ''],
  [['status', '--url', 'ftp://x'], 'must be an http:// or https:// URL', ''],
  [['status', '--timeout', 'soon'], 'a duration such as', ''],
  [['completion', 'tcsh'], 'Allowed choices are bash, zsh, fish', ''],
  [['start', '--port', 'x'], 'port must be an integer', ''],
  [['start', '--log', 'pbft'], 'not built yet', ''],
])('%j exits 2 and says why', async (args, message, hint) => {
  const { exitCode, stderr, stdout } = await run(...args);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr).toContain(hint);
});

test('a server that is away exits 3 and says what to do', async () => {
  const { exitCode, stderr } = await run('status', '--url', 'http://127.0.0.1:1');
  expect(exitCode).toBe(3);
  expect(stderr).toContain('uqo start');
});

test('with json an error is one JSON line on standard error', async () => {
  const { exitCode, stderr, stdout } = await run(
    'status',
    '--url',
    'http://127.0.0.1:1',
    '-o',
    'json',
  );
  expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'SERVER_UNREACHABLE', exitCode: 3 } });
});

test.each([
  ['json', '{\n  "version"'],
  ['jsonl', '{"version"'],
  ['yaml', 'version: '],
  ['table', 'uqo   '],
])('version as %s', async (format, start) => {
  const { exitCode, stdout } = await run('version', '-o', format);
  expect(exitCode).toBe(0);
  expect(stdout.startsWith(start)).toBe(true);
});

test('--print-config shows each setting with its source', async () => {
  const { exitCode, stdout } = await run('start', '--print-config', '--port', '0', '-o', 'jsonl');
  expect(exitCode).toBe(0);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(rows).toHaveLength(CONFIG_KEYS.length);
  expect(rows).toContainEqual({ key: 'port', value: '0', source: 'flag' });
  expect(rows).toContainEqual({ key: 'grace', value: '10s', source: 'default' });
});
