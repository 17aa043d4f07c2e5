/** A drill as text. */
import type { DrillReport } from './run-drill.ts';
import { holds, type Proof } from './proofs/proof.ts';

const OFFENCES_SHOWN = 10;

export function reportText(report: DrillReport): string {
  const { chaos, entries, faults, features, folder, proofs, seed } = report;
  const { aheadMs, deaths, downMs, freezes, jumps, kills } = chaos;
  const lines = [
    `chaos: ${kills} server kills (${(downMs / 1_000).toFixed(1)} s down), ${deaths} agent deaths, ${freezes} agent freezes, ${jumps} clock jumps (${(aheadMs / 1_000).toFixed(1)} s ahead); ${entries} log entries`,
    '',
    row(['feature', 'acknowledged', 'unknown', 'refused']),
    ...features.map(({ acknowledged, name, refusals, unknown }) =>
      row([name, String(acknowledged), String(unknown), refusalText(refusals)]),
    ),
    '',
    ...section('everything', proofs),
    ...features.flatMap((feature) => section(feature.name, feature.proofs)),
    ...faults.map((fault) => `✗ ${fault}`),
  ];
  const failed = [...proofs, ...features.flatMap((each) => each.proofs)].filter(
    (proof) => !holds(proof),
  );
  const isGood = failed.length === 0 && faults.length === 0;
  const verdict = isGood ? 'proved' : `not proved: ${failed.length} proofs failed`;
  const kept = folder === null ? '' : `; the folder is ${folder}`;
  return [...lines, '', `${verdict}${kept}; --seed ${seed}`].join('\n');
}

function row(cells: readonly string[]): string {
  const [name = '', ...rest] = cells;
  return [name.padEnd(14), ...rest.map((cell) => cell.padStart(12))].join('  ').trimEnd();
}

function refusalText(refusals: ReadonlyMap<string, number>): string {
  return [...refusals].map(([code, count]) => `${count} ${code}`).join(', ');
}

function section(name: string, proofs: readonly Proof[]): string[] {
  return [name, ...proofs.flatMap(proofLines)];
}

function proofLines(proof: Proof): string[] {
  const { checked, name, offences } = proof;
  const text = checked === 0 ? 'nothing to look at' : `${checked} looked at`;
  const more = offences.length - OFFENCES_SHOWN;
  return [
    `  ${holds(proof) ? '✓' : '✗'} ${name} (${text})`,
    ...offences.slice(0, OFFENCES_SHOWN).map((offence) => `      ${offence}`),
    ...(more > 0 ? [`      … and ${more} more`] : []),
  ];
}
