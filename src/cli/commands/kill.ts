import type { Command } from 'commander';
import type { KillView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { relativeMoment } from '../output/moment.ts';
import type { Column } from '../output/table.ts';
import { pathOf } from '../server-api.ts';

const EXAMPLES = `Examples:
  uqo kill tree ID --reason "runs in circles"         cancel it and all that came from it
  uqo kill agent worker-7 --reason "answers nonsense" --by ann
  uqo kill namespace acme --reason "out of money"
  uqo kill restore namespace acme
  uqo kill list
`;

interface Answer {
  readonly items: readonly KillView[];
}

/** What can be stopped, and where its routes are. */
const PATHS = { tree: 'trees', agent: 'agents', namespace: 'namespaces' } as const;
type Kind = keyof typeof PATHS;

export function addKill(program: Command, ctx: CliContext): void {
  const group = program
    .command('kill')
    .description('stop a tree of tasks, an agent or a namespace at once')
    .addHelpText('before', EXAMPLES);
  addOne(group, ctx, { kind: 'tree', doc: 'cancel a task or flow and all that came from it' });
  addOne(group, ctx, { kind: 'agent', doc: 'take its work from an agent, until it is restored' });
  addOne(group, ctx, {
    kind: 'namespace',
    doc: 'stop, hold and refuse all tasks of a namespace, until it is restored',
  });
  addRestore(group, ctx);
  group
    .command('list')
    .description('show what is stopped, why and by whom')
    .action(async (_options: unknown, command: Command) => {
      show(await ctx.api(command).get<Answer>('/kills'), command, ctx);
    });
}

function addOne(
  group: Command,
  ctx: CliContext,
  { doc, kind }: { readonly kind: Kind; readonly doc: string },
): void {
  group
    .command(kind)
    .description(doc)
    .argument('<id>', kind === 'namespace' ? 'the namespace' : `id of the ${kind}`)
    .requiredOption('--reason <text>', 'why; kept and shown')
    .option('--by <name>', 'who does it')
    .action(async (id: string, body: { reason: string; by?: string }, command: Command) => {
      show(
        await ctx.api(command).post<Answer>(pathOf(PATHS[kind], id, 'kill'), body),
        command,
        ctx,
      );
    });
}

function addRestore(group: Command, ctx: CliContext): void {
  const restore = group.command('restore').description('let go on what was stopped');
  for (const kind of ['agent', 'namespace'] as const) {
    restore
      .command(kind)
      .description(`let a killed ${kind} work again`)
      .argument('<id>', kind === 'agent' ? 'id of the agent' : 'the namespace')
      .action(async (id: string, _options: unknown, command: Command) => {
        const path = pathOf(PATHS[kind], id, 'restore');
        show(await ctx.api(command).post<Answer>(path), command, ctx);
      });
  }
}

function show(answer: Answer, command: Command, ctx: CliContext): void {
  ctx.output(command).list(answer, answer.items, columns(Date.now()));
}

function columns(nowMs: number): readonly Column<KillView>[] {
  return [
    { title: 'stopped', value: ({ kind }) => kind },
    { title: 'id', value: ({ target }) => target },
    { title: 'when', value: ({ at }) => relativeMoment(at, nowMs) },
    { title: 'by', value: ({ by }) => by },
    { title: 'reason', value: ({ reason }) => reason, shrinks: true },
  ];
}
