import type { Command } from 'commander';
import type { CorrelationView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import type { Fields, Output } from '../output/output.ts';
import type { Column } from '../output/table.ts';
import { queryOf } from '../server-api.ts';

type Pair = CorrelationView['pairs'][number];
type Domain = CorrelationView['domains'][number];
type DomainPair = CorrelationView['domainPairs'][number];

export function addCorrelate(group: Command, ctx: CliContext): void {
  group
    .command('correlate')
    .description('show which agents and domains were seen to fail together')
    .argument('[id]', 'only pairs with this agent')
    .action(async (id: string | undefined, _options: unknown, command: Command) => {
      const path = `/correlations${queryOf({ agent: id })}`;
      show(await ctx.api(command).get<CorrelationView>(path), ctx.output(command));
    });
}

function show(view: CorrelationView, output: Output): void {
  output.object(view, fieldsOf(view));
  if (output.format !== 'table') return;
  section(output, 'agents', view.pairs, PAIR_COLUMNS);
  section(output, 'domains', view.domains, DOMAIN_COLUMNS);
  section(output, 'pairs of domains', view.domainPairs, DOMAIN_PAIR_COLUMNS);
}

function section<Row>(
  output: Output,
  title: string,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
): void {
  if (rows.length === 0) return;
  output.line(`\n${title}`);
  output.list(rows, rows, columns);
}

function fieldsOf({ agents, modes, suspects, windowMs, windows }: CorrelationView): Fields {
  const avoided = suspects.map(
    ({ agents: size, failing, label, name, until }) =>
      `${label}=${name} (${failing} of ${size} fail) until ${until}`,
  );
  return [
    ['windows', `${windows} of ${windowMs / 1_000} s`],
    ['agents that failed', agents],
    ['independent ways to fail', modes === null ? 'not known yet' : waysOf(modes)],
    ...(modes?.strongest ?? []).map(
      (mode, at) => [`mode ${at + 1}`, `${percent(mode.share)}: ${mode.agents.join(' ')}`] as const,
    ),
    ['avoided now', avoided.length === 0 ? 'none' : avoided.join('; ')],
  ];
}

function waysOf({ agents, effective }: NonNullable<CorrelationView['modes']>): string {
  return `${effective.toFixed(1)} for ${agents} agents`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

const DOMAIN_PAIR_COLUMNS: readonly Column<DomainPair>[] = [
  { title: 'a', value: ({ a }) => a },
  { title: 'b', value: ({ b }) => b },
  { title: 'a failed', value: ({ failuresA }) => failuresA, align: 'right' },
  { title: 'b failed', value: ({ failuresB }) => failuresB, align: 'right' },
  { title: 'both', value: ({ together }) => together, align: 'right' },
  { title: 'bits', value: (pair) => pair.informationBits.toFixed(3), align: 'right' },
];

const PAIR_COLUMNS: readonly Column<Pair>[] = [
  ...(DOMAIN_PAIR_COLUMNS as readonly Column<Pair>[]),
  { title: 'b fails with a', value: (pair) => percent(pair.failsWith), align: 'right' },
  { title: 'correlation', value: (pair) => pair.correlation.toFixed(2), align: 'right' },
];

const DOMAIN_COLUMNS: readonly Column<Domain>[] = [
  { title: 'domain', value: ({ label, name }) => `${label}=${name}` },
  { title: 'agents that failed', value: ({ failing }) => failing, align: 'right' },
  { title: 'together', value: (domain) => percent(domain.togetherRate), align: 'right' },
  { title: 'of all failures', value: (domain) => percent(domain.failureShare), align: 'right' },
];
