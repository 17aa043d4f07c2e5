/** `uqo quantum info`. */
import type { DescribeCircuitAnswer } from '../../agents/index.ts';
import type { Output } from '../output/output.ts';
import { readSource } from './read-source.ts';
import type { LocalRun } from './run-circuit.ts';
import { runJob } from './run-job.ts';
import { showBytes } from './show-bytes.ts';

export async function describeCircuitFile({
  file,
  output,
  stdin,
  timeMs,
}: LocalRun): Promise<void> {
  const qasm = await readSource(file, stdin);
  const answer = await runJob('describe-circuit', { qasm }, { output, timeMs });
  for (const warning of answer.warnings ?? []) output.message(`warning: ${warning}`);
  if (output.format === 'table') show(answer, output);
  else output.object(answer, []);
}

function show(answer: DescribeCircuitAnswer, output: Output): void {
  const { chosen, gates, stats } = answer;
  const registers = (list: DescribeCircuitAnswer['quantumRegisters']): string =>
    list.map(({ name, size }) => `${name}[${size}]`).join(' ');
  output.object(answer, [
    ['qubits', `${answer.qubits} (${registers(answer.quantumRegisters)})`],
    ['bits', answer.bits === 0 ? 0 : `${answer.bits} (${registers(answer.classicalRegisters)})`],
    ['gates', stats.gates],
    ['on two qubits or more', stats.twoQubit],
    ['depth', stats.depth],
    ['depth on two qubits', stats.twoQubitDepth],
    ['t gates', stats.tCount],
    [
      'operations',
      Object.entries(gates)
        .map(([name, count]) => `${name} ${count}`)
        .join(', '),
    ],
    ['clifford', answer.isClifford ? 'yes' : 'no'],
    ['chosen', 'method' in chosen ? `${chosen.method}: ${chosen.reason}` : chosen.message],
    ['memory there is', showBytes(answer.bytesAvailable)],
  ]);
  output.line('');
  output.list(answer.methods, answer.methods, [
    { title: 'method', value: ({ method }) => method },
    { title: 'possible', value: ({ isPossible }) => (isPossible ? 'yes' : 'no') },
    {
      title: 'memory',
      value: ({ bytes }) => (bytes === null ? null : showBytes(bytes)),
      align: 'right',
    },
    { title: 'why not', value: ({ reason }) => reason, shrinks: true },
  ]);
}
