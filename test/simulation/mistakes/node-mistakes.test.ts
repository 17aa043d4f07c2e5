/** Mistakes put into the runtime of a node, some of them made once: the suite of whole nodes must find them. */
import { afterAll, expect, test } from 'vitest';
import { runNodeSeed } from '../node/run-node-seed.ts';
import type { Mistake } from './known-mistakes.ts';
import { MistakenTrees } from './mistaken-tree.ts';

const SEEDS_MAX = 100;
const trees = new MistakenTrees([
  'base',
  'contract',
  'core',
  'consensus',
  'log',
  'quantum',
  'reliability',
  'runtime',
  'scheduling',
  'store',
]);

/** `file` is below `src`. */
const mistakes: readonly Mistake[] = [
  {
    name: 'entries are applied and answered before they are in the log',
    file: 'runtime/command-loop.ts',
    find: '    const underWay = { entry, proposals };\n    this.#underWay = underWay;\n',
    replace:
      '    const underWay = { entry, proposals };\n    this.#underWay = underWay;\n' +
      '    queueMicrotask(() => this.committed(this.#options.state.index + 1));\n',
  },
  {
    name: 'a loop that was given up goes on with its entry',
    file: 'runtime/command-loop.ts',
    find: '    this.#givenUp = this.#underWay;\n    this.#underWay = null;\n',
    replace: '',
    from: 208,
  },
  {
    name: 'assignments of an entry that the log refused are kept',
    file: 'runtime/command-loop.ts',
    find: '    hooks.dropped(entry);\n    this.#pending.putBack(proposals);',
    replace: '    this.#pending.putBack(proposals);',
    from: 112,
  },
  {
    name: 'time stands while the clock is behind',
    file: 'runtime/entry-time.ts',
    find: 'known.nowMs + Math.floor((monotonicMs - known.sinceMs) / SLOWER)',
    replace: 'known.nowMs',
    from: 17,
  },
  {
    name: 'a node leads before all that came before it is applied',
    file: 'runtime/cluster/cluster-seat.ts',
    find: '      await log?.ready();\n',
    replace: '',
  },
  {
    name: 'a new leader watches none of the agents that it takes over',
    file: 'runtime/runtime.ts',
    find: '    hub.open();\n',
    replace: '',
  },
  {
    name: 'what the scheduler hung on tasks stays there when its node leads no more',
    file: 'runtime/open-runtime.ts',
    find: '    takeOff(task);\n',
    replace: '',
    from: 18,
  },
  {
    name: 'a snapshot is installed and the old state goes on',
    file: 'runtime/runtime.ts',
    find: '    this.#assemble = assemble;\n    this.#parts = assemble();\n    this.#inProcess = this.#inProcessAgents();\n  }\n\n  /**\n   * Follows',
    replace: '  }\n\n  /**\n   * Follows',
  },
  {
    name: 'reads of any node wait for nothing',
    file: 'runtime/cluster/cluster-node.ts',
    find: '    await this.log.readBarrier();\n',
    replace: '',
  },
  {
    name: 'a report that was taken is refused when it comes again',
    file: 'runtime/agent-service.ts',
    find: '        if (this.#wasTaken(ends[position] as AttemptEnd)) continue;\n',
    replace: '',
  },
];

afterAll(() => trees[Symbol.dispose]());

test.each(mistakes)(
  'the simulator finds it when $name',
  async (mistake) => {
    const { runNodeSeed: run } = await trees.load<{ runNodeSeed: typeof runNodeSeed }>(
      'src',
      mistake,
      'test/simulation/node/run-node-seed.ts',
    );
    let failure: string | undefined;
    const from = mistake.from ?? 1;
    let seed = from - 1;
    while (failure === undefined && seed < from + SEEDS_MAX) {
      seed += 1;
      failure = (await run(seed)).failure?.rule;
    }
    expect(failure, `nothing seen in ${SEEDS_MAX} seeds`).toBeDefined();
    // The same seed without the mistake is well: what was seen is the mistake.
    expect((await runNodeSeed(seed)).failure).toBeUndefined();
  },
  1_000_000,
);
