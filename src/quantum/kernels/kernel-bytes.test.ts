import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { decodeBase64 } from './base64.ts';
import { wasmApi } from './wasm-api.ts';
import { PLAIN_KERNELS, SHARED_KERNELS } from './kernel-bytes.ts';

const compiler = new URL('../../../node_modules/assemblyscript/package.json', import.meta.url);

describe.skipIf(!existsSync(compiler))(
  'with assemblyscript, which is absent if this is skipped',
  () => {
    test('compiling the sources gives the bytes that are embedded', () => {
      const build = fileURLToPath(new URL('../../../kernels/build.mjs', import.meta.url));
      const { status, stderr } = spawnSync(process.execPath, [build, '--check'], {
        encoding: 'utf8',
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    });
  },
);

test.each([
  ['plain', PLAIN_KERNELS],
  ['shared', SHARED_KERNELS],
])('the %s module imports nothing but a memory', (_, text) => {
  const { Module } = wasmApi() as unknown as {
    Module: { new (bytes: Uint8Array): object; imports: (module: object) => object[] };
  };
  expect(Module.imports(new Module(decodeBase64(text)))).toEqual([
    { module: 'env', name: 'memory', kind: 'memory' },
  ]);
});
