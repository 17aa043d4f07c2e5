import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openStore } from '../../src/store/index.ts';
import { MemoryStore } from '../../src/testing/memory-store.ts';
import { describeStore } from './store.ts';

describeStore('the store in a file', async () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'uqo-store-'));
  const store = await openStore({ directory });
  const dispose = async (): Promise<void> => {
    await store.close();
    rmSync(directory, { recursive: true });
  };
  return { store, dispose };
});

describeStore('the store in memory', () => {
  const store = new MemoryStore();
  return Promise.resolve({ store, dispose: () => store.close() });
});
