/** All amplitudes of a state in a file, for states that are too large to be part of an answer. */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, OrchestratorError } from '../../../base/errors.ts';
import { throwIfCanceled, type Watch } from '../../../quantum/watch.ts';

/** Where a state's amplitudes are, and how they are written. */
export interface StatevectorFile {
  readonly file: string;
  /** Amplitude k as two doubles, real part first, at byte 16·k; little-endian: numpy's `<c16`. */
  readonly format: 'complex128-le';
  /** Bit q of an amplitude's number is the state of qubit q. */
  readonly amplitudes: number;
  readonly bytes: number;
  /** Of the file's bytes, in hexadecimal. */
  readonly sha256: string;
}

/** Amplitudes written at a time: a MiB. */
const CHUNK = 65_536;

/**
 * Writes a state's amplitudes, under the name only once the file is whole.
 *
 * @throws OrchestratorError QUANTUM_FILE_UNWRITABLE, QUANTUM_CANCELED
 */
export function writeStatevector(
  file: string,
  state: { readonly re: Float64Array; readonly im: Float64Array },
  watch: Watch,
): StatevectorFile {
  const partial = `${file}.partial`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    const sha256 = writeAll(partial, state, watch);
    renameSync(partial, file);
    const amplitudes = state.re.length;
    return { file, format: 'complex128-le', amplitudes, bytes: 16 * amplitudes, sha256 };
  } catch (error) {
    if (existsSync(partial)) rmSync(partial);
    if (error instanceof OrchestratorError) throw error;
    throw new OrchestratorError(
      'QUANTUM_FILE_UNWRITABLE',
      `the file of the statevector must be writable, got: ${messageOf(error)}`,
      { file },
      { cause: error },
    );
  }
}

function writeAll(
  file: string,
  { im, re }: { readonly re: Float64Array; readonly im: Float64Array },
  watch: Watch,
): string {
  const hash = createHash('sha256');
  const descriptor = openSync(file, 'w');
  try {
    for (let begin = 0; begin < re.length; begin += CHUNK) {
      throwIfCanceled(watch);
      const count = Math.min(CHUNK, re.length - begin);
      const view = new DataView(new ArrayBuffer(16 * count));
      for (let k = 0; k < count; k++) {
        view.setFloat64(16 * k, re[begin + k]!, true);
        view.setFloat64(16 * k + 8, im[begin + k]!, true);
      }
      hash.update(view);
      for (let at = 0; at < view.byteLength;) at += writeSync(descriptor, view, at);
    }
  } finally {
    closeSync(descriptor);
  }
  return hash.digest('hex');
}
