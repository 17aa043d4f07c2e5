import { invariant } from '../../base/invariant.ts';
import { decodeBase64 } from './base64.ts';
import { PLAIN_KERNELS, SHARED_KERNELS } from './kernel-bytes.ts';
import { wasmApi, type WasmMemory, type WasmModule } from './wasm-api.ts';

/** Works on units `from` … `to`−1 of the job at `pointer`, in a thread's own room of the memory. */
export type WasmKernel = (pointer: number, from: number, to: number, room: number) => void;

/** What the module exports: all but one for either precision. */
export type KernelName = `${'stage' | 'weights' | 'pauli'}${'64' | '32'}` | 'touch';

export type WasmKernelSet = Readonly<Record<KernelName, WasmKernel>>;

const compiled = new Map<string, WasmModule | null>();

/** The kernels' module, compiled once; null where the platform has no WebAssembly with SIMD, or no shared memory. */
export function kernelModule(sharing: 'plain' | 'shared'): WasmModule | null {
  const known = compiled.get(sharing);
  if (known !== undefined) return known;
  const api = wasmApi();
  const bytes = decodeBase64(sharing === 'plain' ? PLAIN_KERNELS : SHARED_KERNELS);
  const module = api?.validate(bytes) === true ? new api.Module(bytes) : null;
  compiled.set(sharing, module);
  return module;
}

/** The kernels on a memory; a module that shares needs a memory that is shared. */
export function instantiateKernels(module: WasmModule, memory: WasmMemory): WasmKernelSet {
  const api = wasmApi();
  invariant(api !== null, 'a platform with a compiled module has WebAssembly');
  return new api.Instance(module, { env: { memory } }).exports as WasmKernelSet;
}
