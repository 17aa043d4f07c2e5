import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'tools/**/*.test.ts'],
    setupFiles: ['test/setup/property-seed.ts'],
    pool: 'forks',
    // Threads that strip types run WebAssembly: docs/decisions/0010.
    execArgv: ['--wasm-wrapper-tiering-budget=1000000000'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
