/** Mistakes put into what is around the core: the stack suite must find them. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { runStackSeed } from '../stack/run-stack-seed.ts';
import type { Mistake } from './known-mistakes.ts';

const SEEDS_MAX = 200;
const ROOT = path.resolve(import.meta.dirname, '../../..');
const ROOMS = ['base', 'contract', 'core', 'consensus', 'log'];
const folders: string[] = [];

/** `file` is below `src/log`. */
const mistakes: readonly Mistake[] = [
  {
    name: 'writes are told as durable when they begin',
    file: 'raft/journal/journal.ts',
    find: '      try {\n        const written =',
    replace:
      '      try {\n        this.#told(pieces.map((piece) => ({ ...piece, waiting: null })));\n        const written =',
  },
  {
    name: 'a read does not wait for what is committed to be applied',
    file: 'raft/raft-log.ts',
    find: '    await this.#waits.until(() => this.#delivery.applied.logIndex >= logIndex, false);\n',
    replace: '    void logIndex;\n',
  },
  {
    name: 'entries are handed out while others are being applied',
    file: 'raft/committed-delivery.ts',
    find: 'if (!this.#isBusy) this.#work();',
    replace: 'this.#work();',
  },
  {
    name: 'a node is refused as soon as its removal is in the log',
    file: 'raft/configuration-in-force.ts',
    find: '    this.#isCommitted = this.#isApplied;\n    this.#options.onChange(',
    replace: '    this.#isCommitted = true;\n    this.#options.onChange(',
  },
  {
    name: 'only members that are known as such are called',
    file: 'raft/peer-book.ts',
    find: ' || incarnation !== null;',
    replace: ';',
  },
  {
    name: 'a node that is upgraded speaks its newest version to all',
    file: 'raft/transport/handshake.ts',
    find: 'const version = Math.min(own.newest, other.newest);',
    replace: 'const version = own.newest;',
  },
  {
    name: 'damage before the end is cut off like a torn write',
    file: 'embedded/torn-tail.ts',
    find: "if (commitAt === 'later batch') return damaged;",
    replace: "if (commitAt === 'later batch') return { kind: 'torn', tornBytes: tail.length };",
  },
];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function loadMistaken({ file, find, replace }: Mistake): Promise<typeof runStackSeed> {
  const folder = mkdtempSync(path.join(tmpdir(), 'mistaken-stack-'));
  folders.push(folder);
  const filter = (name: string): boolean => path.basename(name) !== 'tsconfig.json';
  const parts = [
    ...ROOMS.map((room) => `src/${room}`),
    'src/runtime',
    'test/simulation',
    'test/disk',
  ];
  for (const part of parts) {
    cpSync(path.join(ROOT, part), path.join(folder, part), { recursive: true, filter });
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  const target = path.join(folder, 'src/log', file);
  const text = readFileSync(target, 'utf8');
  expect(text.split(find), 'the mistake fits one place').toHaveLength(2);
  writeFileSync(
    target,
    text.replace(find, () => replace),
  );
  const entry = pathToFileURL(path.join(folder, 'test/simulation/stack/run-stack-seed.ts')).href;
  const suite = (await import(/* @vite-ignore */ entry)) as {
    readonly runStackSeed: typeof runStackSeed;
  };
  return suite.runStackSeed;
}

test.each(mistakes)(
  'the simulator finds it when $name',
  async (mistake) => {
    const run = await loadMistaken(mistake);
    let failure: string | undefined;
    let seed = 0;
    while (failure === undefined && seed < SEEDS_MAX) {
      seed += 1;
      failure = (await run(seed)).failure?.rule;
    }
    expect(failure, `nothing seen in ${SEEDS_MAX} seeds`).toBeDefined();
    // The same seed without the mistake is well: what was seen is the mistake.
    expect((await runStackSeed(seed)).failure).toBeUndefined();
  },
  1_000_000,
);
