/** OpenQASM's own grammar tests, invalid programs and examples. */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { errorOf } from '../../src/quantum/circuit/testing/error-of.ts';
import { parseProgram } from '../../src/quantum/qasm/parse-program.ts';
import { parseQasm } from '../../src/quantum/qasm/parse-qasm.ts';
import { dataFolder } from './data-folder.ts';
import { referenceTree } from './reference-tree.ts';

const { path, isThere } = dataFolder('openqasm');
const feynman = dataFolder('transpile/feynman');
const absent = isThere ? '' : ` (skipped: ${path} is absent)`;

describe.skipIf(!isThere)(`OpenQASM's reference programs${absent}`, () => {
  const folder = join(path, 'source/grammar/tests/reference');
  const files = globSync('**/*.yaml', { cwd: folder });

  test('all of them are there', () => {
    expect(files).toHaveLength(35);
  });

  test.each(files)('%s gives the stated tree', (file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const { source, reference } = parseYaml(text) as { source: string; reference: string };
    expect(referenceTree(parseProgram(source))).toBe(reference.trimEnd());
  });
});

describe.skipIf(!isThere)(`OpenQASM's invalid programs${absent}`, () => {
  const folder = join(path, 'source/grammar/tests/invalid/statements');
  const programs = globSync('*.qasm', { cwd: folder }).flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('//'))
      .map((line) => [file, line]),
  );

  test.each(programs)('%s: %s is refused', (_file, line) => {
    expect(errorOf(() => parseQasm(line)).code).toBe('QASM_SYNTAX');
    expect(errorOf(() => parseProgram(line)).code).toBe('QASM_SYNTAX');
  });
});

/** What keeps an example from being a circuit: none of it is the reader's. */
const REFUSED: Readonly<Record<string, readonly [code: string, because: RegExp]>> = {
  'arrays.qasm': ['QASM_RANGE', /my_defined_uints\[a - 1\]/],
  'cphase.qasm': ['QASM_NAME', /unknown name 'q'/],
  'dd.qasm': ['QASM_TYPE', /'u' takes 3 parameters, got 0/],
  'gateteleport.qasm': ['QASM_UNSUPPORTED', /'vote' is external/],
  'msd.qasm': ['QASM_RANGE', /scratch\[3\]/],
  'scqec.qasm': ['QASM_UNSUPPORTED', /'zfirst' is external/],
  't1.qasm': ['QASM_UNSUPPORTED', /'tabulate' is external/],
  'vqe.qasm': ['QASM_UNSUPPORTED', /'get_npaulis' is external/],
};

describe.skipIf(!isThere)(`OpenQASM's examples${absent}`, () => {
  const files = globSync('examples/*', { cwd: path });

  test.each(files)('%s is parsed', (file) => {
    const program = parseProgram(readFileSync(join(path, file), 'utf8'));
    expect(program.statements.length).toBeGreaterThan(0);
  });

  test.each(files.filter((file) => file.endsWith('.qasm')))(
    '%s becomes a circuit, or is refused for what it lacks',
    (file) => {
      const source = readFileSync(join(path, file), 'utf8');
      const refused = REFUSED[basename(file)];
      if (refused === undefined) {
        expect(() => parseQasm(source)).not.toThrow();
        return;
      }
      const [code, because] = refused;
      expect(() => parseQasm(source)).toThrow(because);
      expect(errorOf(() => parseQasm(source)).code).toBe(code);
    },
  );
});

describe.skipIf(!feynman.isThere)('programs of the Feynman collection', () => {
  const files = globSync('*.qasm', { cwd: feynman.path });

  test.each(files)('%s becomes a circuit', (file) => {
    const source = readFileSync(join(feynman.path, file), 'utf8');
    if (file === 'qasm_cycle_17_3.qasm') {
      // The file itself has a Toffoli gate whose target is its own control.
      expect(() => parseQasm(source)).toThrow(
        /line 26, column 26: qubits of 'ccx' must be distinct/,
      );
      return;
    }
    expect(parseQasm(source).operations.length).toBeGreaterThan(0);
  });
});
