import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { RAFT_MUTANTS, type RaftMutant } from './raft-mutants.ts';

const SEEDS = 500;
const SOURCE = join(import.meta.dirname, '../../../src');
const folders: string[] = [];

/** A copy of the core with one bug, and the driver that came with it. */
function mutate(mutant: RaftMutant): string {
  const folder = mkdtempSync(join(tmpdir(), 'uqo-mutant-'));
  folders.push(folder);
  for (const room of ['base', 'consensus'])
    cpSync(join(SOURCE, room), join(folder, room), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const file = join(folder, 'consensus/raft', mutant.file);
  const text = readFileSync(file, 'utf8');
  expect(text.split(mutant.find), `what ${mutant.name} replaces occurs once`).toHaveLength(2);
  writeFileSync(
    file,
    text.replace(mutant.find, () => mutant.replace),
  );
  return folder;
}

/** First seed that fails with the source in `folder`, or null. In a process of its own: the source is read anew. */
function firstFailure(folder: string, from: number): number | null {
  const program = join(import.meta.dirname, 'first-failure.ts');
  const args = [program, folder, String(from), String(SEEDS)];
  const printed = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim();
  return printed === 'none' ? null : Number(printed);
}

describe('raft mutants', () => {
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  test.each(RAFT_MUTANTS)(`$name is noticed within ${SEEDS} seeds`, (mutant) => {
    expect(firstFailure(mutate(mutant), mutant.from ?? 1)).toBeGreaterThan(0);
  });

  test('the core without a bug survives the same seeds', () => {
    for (const from of new Set(RAFT_MUTANTS.map((mutant) => mutant.from ?? 1)))
      expect(firstFailure(SOURCE, from)).toBeNull();
  }, 240_000);

  test('there are enough of them, each with a name of its own', () => {
    const names = new Set(RAFT_MUTANTS.map(({ name }) => name));
    expect(names.size).toBe(RAFT_MUTANTS.length);
    expect(names.size).toBeGreaterThanOrEqual(25);
  });
});
