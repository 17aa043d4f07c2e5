import type { Command } from 'commander';
import type { ArtifactList, ArtifactView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { taskIdValue } from '../option-values.ts';
import type { Column } from '../output/table.ts';
import { pathOf } from '../server-api.ts';

const EXAMPLES = `Examples:
  uqo task artifacts ID                               what large outputs does it have?
  uqo task artifacts ID --save results
`;

export function addTaskArtifacts(group: Command, ctx: CliContext): void {
  group
    .command('artifacts')
    .description('list the large outputs of a task, or take them')
    .argument('<id>', 'id of the task', taskIdValue)
    .option('--save <dir>', 'write them into this folder, checked; made where it is missing')
    .addHelpText('before', EXAMPLES)
    .action(async (id: string, { save }: { readonly save?: string }, command: Command) => {
      const api = ctx.api(command);
      const list = await api.get<ArtifactList>(pathOf('tasks', id, 'artifacts'));
      const output = ctx.output(command);
      if (save === undefined) {
        output.list(list, list.items, columns());
        return;
      }
      const { saveArtifacts } = await import('../tasks/save-artifacts.ts');
      const saved = await saveArtifacts(api.http, list.items, save);
      output.list({ items: saved }, saved, [
        { title: 'file', value: ({ file }) => file },
        ...columns(),
      ]);
    });
}

function columns(): readonly Column<ArtifactView>[] {
  return [
    { title: 'id', value: ({ id }) => id },
    { title: 'name', value: ({ name }) => name },
    { title: 'bytes', value: ({ bytes }) => bytes, align: 'right' },
    { title: 'created', value: ({ createdAt }) => createdAt },
    { title: 'sha256', value: ({ sha256 }) => sha256, shrinks: true },
  ];
}
