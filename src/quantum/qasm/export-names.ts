import type { Circuit, Register } from '../circuit/circuit.ts';
import { OrchestratorError } from '../../base/errors.ts';
import { standardGates } from './standard-gates.ts';
import { KEYWORDS_2, KEYWORDS_3, type QasmVersion } from './token.ts';

/** Names of a circuit as a program may have them: each once, no keyword, no gate. */
export interface ExportNames {
  /** `name[k]` */
  readonly qubit: (qubit: number) => string;
  readonly bit: (bit: number) => string;
  readonly variable: (variable: number) => string;
  readonly quantumRegisters: readonly Register[];
  readonly classicalRegisters: readonly Register[];
}

const NAME_2 = /^[a-z][A-Za-z0-9_]*$/;
const NAME_3 = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Constants, functions and the reader's own words. */
const TAKEN = 'pi tau euler U CX gphase sin cos tan exp ln sqrt sizeof popcount mod pow real imag';

export function exportNames(circuit: Circuit, version: QasmVersion): ExportNames {
  const taken = new Set<string>([
    ...TAKEN.split(' '),
    ...(version === 2 ? KEYWORDS_2 : KEYWORDS_3),
    ...standardGates(version).keys(),
  ]);
  const pattern = version === 2 ? NAME_2 : NAME_3;
  const rename = (name: string, fallback: string): string => {
    const wanted = pattern.test(name) ? name : fallback;
    let own = wanted;
    for (let n = 2; taken.has(own); n++) own = `${wanted}_${n}`;
    taken.add(own);
    return own;
  };
  const renamed = (registers: readonly Register[], fallback: string): Register[] =>
    registers
      .filter(({ size }) => size > 0)
      .map((register) => ({ ...register, name: rename(register.name, fallback) }));
  const quantumRegisters = renamed(circuit.quantumRegisters, 'q');
  const classicalRegisters = renamed(circuit.classicalRegisters, 'c');
  const variables = circuit.variables.map(({ name }) => rename(name, 'v'));
  return {
    qubit: placeNames(quantumRegisters, circuit.qubits),
    bit: placeNames(classicalRegisters, circuit.bits),
    variable: (variable) => variables[variable],
    quantumRegisters,
    classicalRegisters,
  };
}

function placeNames(registers: readonly Register[], count: number): (place: number) => string {
  const names = Array.from<string>({ length: count });
  for (const { name, start, size } of registers) {
    for (let k = 0; k < size; k++) names[start + k] = `${name}[${k}]`;
  }
  return (place) => names[place];
}

/** The error of a circuit that a version of the language cannot hold. */
export function notExported(what: string, version: QasmVersion): OrchestratorError {
  const message = `OpenQASM ${version} can hold what a circuit has, got ${what}`;
  return new OrchestratorError('QASM_UNSUPPORTED', message, { what, version });
}
