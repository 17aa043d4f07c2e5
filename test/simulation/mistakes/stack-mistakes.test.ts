/** Mistakes put into what is around the core: the stack suite must find them. */
import { afterAll, expect, test } from 'vitest';
import { runStackSeed } from '../stack/run-stack-seed.ts';
import type { Mistake } from './known-mistakes.ts';
import { MistakenTrees } from './mistaken-tree.ts';

const SEEDS_MAX = 200;
const trees = new MistakenTrees(['base', 'contract', 'core', 'consensus', 'log', 'runtime']);

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

afterAll(() => trees[Symbol.dispose]());

test.each(mistakes)(
  'the simulator finds it when $name',
  async (mistake) => {
    const { runStackSeed: run } = await trees.load<{ runStackSeed: typeof runStackSeed }>(
      'src/log',
      mistake,
      'test/simulation/stack/run-stack-seed.ts',
    );
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
