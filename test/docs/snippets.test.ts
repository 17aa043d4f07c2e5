/** The programs in the documents: each is well typed, runs, and ends well. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NODE_FLAGS } from '../integration/node-flags.ts';
import { aimedAtSource, root, runnableSnippets, sources } from './runnable-snippets.ts';

const snippets = runnableSnippets();
const folder = mkdtempSync(join(tmpdir(), 'uqo-snippets-'));
const fileOf = (place: string): string => `${place.replaceAll(/[^a-z0-9]+/gi, '-')}.ts`;

beforeAll(() => {
  mkdirSync(join(folder, 'typed'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'typed', 'tsconfig.json'), tsconfig());
  for (const { code, place } of snippets) {
    writeFileSync(join(folder, fileOf(place)), aimedAtSource(code));
    writeFileSync(join(folder, 'typed', fileOf(place)), code);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function tsconfig(): string {
  const paths = Object.fromEntries([...sources()].map(([name, source]) => [name, [source]]));
  return JSON.stringify({
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: {
      composite: false,
      declaration: false,
      declarationMap: false,
      isolatedDeclarations: false,
      rewriteRelativeImportExtensions: false,
      allowImportingTsExtensions: true,
      noEmit: true,
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
      paths,
    },
    include: ['*.ts'],
  });
}

/** Runs a program to its end; what it wrote counts only where it ended badly. */
function run(args: readonly string[]): { status: number | null; output: string } {
  const options = { cwd: folder, encoding: 'utf8', timeout: 50_000 } as const;
  const { status, stderr, stdout } = spawnSync(process.execPath, [...args], options);
  return { status, output: status === 0 ? '' : stdout + stderr };
}

test('programs in documents are found by their mark, and are well typed', () => {
  expect(snippets.length).toBeGreaterThan(0);
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  expect(run([tsc, '-p', join(folder, 'typed')])).toEqual({ status: 0, output: '' });
});

test.each(snippets)('$place runs and ends well', ({ place }) => {
  const args = [...NODE_FLAGS, join(folder, fileOf(place))];
  expect(run(args)).toEqual({ status: 0, output: '' });
});
