import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take longest, those that mostly wait for processes and those that mostly compute by turns: what waits runs
 * beside what computes, and nothing long is left for the end, when other workers have nothing to do any more.
 */
const LONGEST: readonly string[] = [
  'test/cluster/kills.test.ts',
  'test/simulation/raft-seeds.test.ts',
  'test/simulation/stack-seeds.test.ts',
  'test/integration/log-crash.test.ts',
  'test/e2e/cli.test.ts',
  'test/simulation/mistakes/node-mistakes.test.ts',
  'test/simulation/mistakes/stack-mistakes.test.ts',
  'test/cluster/operations.test.ts',
  'test/simulation/mutants/raft-mutants.test.ts',
  'test/simulation/node-seeds.test.ts',
  'test/integration/crash.test.ts',
  'test/integration/store-crash.test.ts',
  'test/drill/drill.test.ts',
  'test/docs/snippets.test.ts',
  'test/e2e/cli-flows.test.ts',
  'test/simulation/mistakes/known-mistakes.test.ts',
  'test/conformance/raft-log.test.ts',
  'test/cluster/partitions.test.ts',
];

/** Runs the longest files first, the others as Vitest does. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rankOf = (file: TestSpecification): number => {
      const rank = LONGEST.indexOf(relative(this.ctx.config.root, file.moduleId));
      return rank < 0 ? LONGEST.length : rank;
    };
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rankOf(one) - rankOf(other));
  }
}
