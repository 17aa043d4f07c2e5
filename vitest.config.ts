import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongFirst } from './test/setup/long-first.ts';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'tools/**/*.test.ts'],
    setupFiles: ['test/setup/property-seed.ts'],
    pool: 'forks',
    // Vitest leaves one processor free: of two, half of what there is. Many a test waits for processes besides.
    maxWorkers: Math.max(2, availableParallelism()),
    sequence: { sequencer: LongFirst },
    // Threads that strip types run WebAssembly: docs/decisions/0010.
    execArgv: ['--wasm-wrapper-tiering-budget=1000000000'],
    // Processes that tests start would strip and compile the same sources again and again.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/uqo-compiled') },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
