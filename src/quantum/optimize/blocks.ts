/** Circuits cut into blocks on few qubits, each of which can be improved and checked by itself. */
import type { Operation } from '../circuit/operation.ts';
import { qubitsOf } from './cost.ts';
import { lookEvery, NO_LOOK, type Look } from './look.ts';
import type { Component } from './segments.ts';

interface OpenBlock {
  readonly qubits: Set<number>;
  readonly operations: Operation[];
}

/**
 * Blocks that, one after the other, do what the operations do; each on at most `qubitsMax` qubits, or on those of
 * its one operation.
 *
 * At any time each qubit is in one open block at most, so that open blocks may come in any order, and what is
 * closed comes before all that is open. Linear in the operations.
 */
export function blocksOf(
  operations: readonly Operation[],
  qubitsMax: number,
  look: Look = NO_LOOK,
): readonly Component[] {
  const blocks: Component[] = [];
  const openAt = new Map<number, OpenBlock>();
  const close = (block: OpenBlock): void => {
    for (const qubit of block.qubits) openAt.delete(qubit);
    const qubits = [...block.qubits].toSorted((a, b) => a - b);
    blocks.push({ qubits, operations: block.operations });
  };
  for (const [i, operation] of operations.entries()) {
    lookEvery(i, look);
    const touched = qubitsOf(operation);
    const met = new Set<OpenBlock>();
    for (const qubit of touched) {
      const block = openAt.get(qubit);
      if (block !== undefined) met.add(block);
    }
    const union = new Set(touched);
    for (const block of met) for (const qubit of block.qubits) union.add(qubit);
    if (union.size > qubitsMax) {
      for (const block of met) close(block);
      met.clear();
    }
    const joined = joinedBlock([...met]);
    joined.operations.push(operation);
    for (const qubit of touched) joined.qubits.add(qubit);
    for (const qubit of joined.qubits) openAt.set(qubit, joined);
  }
  for (const block of new Set(openAt.values())) close(block);
  return blocks;
}

/** The largest of some blocks on different qubits, with the others' operations in it. */
function joinedBlock(met: OpenBlock[]): OpenBlock {
  met.sort((a, b) => b.operations.length - a.operations.length);
  const [largest, ...others] = met;
  if (largest === undefined) return { qubits: new Set(), operations: [] };
  for (const { qubits, operations } of others) {
    for (const operation of operations) largest.operations.push(operation);
    for (const qubit of qubits) largest.qubits.add(qubit);
  }
  return largest;
}
