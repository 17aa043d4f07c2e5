import type { Command } from 'commander';
import type { AgentList, AgentView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { integerValue } from '../option-values.ts';
import { relativeMoment, showSpan } from '../output/moment.ts';
import type { Fields } from '../output/output.ts';
import type { Column } from '../output/table.ts';
import { addCorrelate } from './agent-correlate.ts';
import { pathOf, queryOf } from '../server-api.ts';

const EXAMPLES = `Examples:
  uqo agent list
  uqo agent drain mailer-1        finish what it has, nothing more
  uqo agent remove mailer-1       its tasks go to others
  uqo agent correlate             who fails together
`;

export function addAgent(program: Command, ctx: CliContext): void {
  const group = program
    .command('agent')
    .description('see and steer the agents')
    .addHelpText('before', EXAMPLES);
  addList(group, ctx);
  addCorrelate(group, ctx);
  group
    .command('get')
    .description('show an agent')
    .argument('<id>', 'id of the agent')
    .action(async (id: string, _options: unknown, command: Command) => {
      const agent = await ctx.api(command).get<AgentView>(pathOf('agents', id));
      ctx.output(command).object(agent, agentFields(agent, Date.now()));
    });
  group
    .command('drain')
    .description('let an agent finish what it has and give it nothing more')
    .argument('<id>', 'id of the agent')
    .action(async (id: string, _options: unknown, command: Command) => {
      const agent = await ctx.api(command).post<AgentView>(pathOf('agents', id, 'drain'));
      ctx.output(command).object(agent, agentFields(agent, Date.now()));
    });
  group
    .command('remove')
    .description('remove an agent; its tasks go to others')
    .argument('<id>', 'id of the agent')
    .action(async (id: string, _options: unknown, command: Command) => {
      await ctx.api(command).delete(pathOf('agents', id));
      ctx.output(command).message(`removed ${id}`);
    });
}

function addList(group: Command, ctx: CliContext): void {
  group
    .command('list')
    .description('list agents, each once')
    .option('-n, --limit <count>', 'agents on the page', integerValue(1, 1000), 100)
    .option('--cursor <cursor>', 'go on after an earlier page')
    .option('--state <state>', 'ready, busy, asleep, draining, lost or killed')
    .option('--capability <name>', 'that offer it')
    .option('--zone <zone>', 'with this label `zone`')
    .option('--label <name=value>', 'with this label')
    .action(async (options: Record<string, string | number | undefined>, command: Command) => {
      const page = await ctx.api(command).get<AgentList>(`/agents${queryOf(options)}`);
      const output = ctx.output(command);
      output.list(page, page.items, agentColumns(Date.now()));
      if (page.nextCursor !== null) output.message(`more: --cursor ${page.nextCursor}`);
    });
}

function agentColumns(nowMs: number): readonly Column<AgentView>[] {
  return [
    { title: 'id', value: (agent) => agent.id },
    { title: 'state', value: (agent) => agent.state },
    { title: 'kind', value: (agent) => agent.kind },
    { title: 'slots', value: (agent) => `${agent.running}/${agent.slots}`, align: 'right' },
    { title: 'breaker', value: (agent) => (agent.breaker === 'closed' ? null : agent.breaker) },
    { title: 'connection', value: (agent) => agent.connection },
    { title: 'wakes', value: ({ wakesAt }) => relativeMoment(wakesAt, nowMs) },
    { title: 'since', value: (agent) => relativeMoment(agent.stateAt, nowMs) },
    { title: 'capabilities', value: (agent) => agent.capabilities.join(' '), shrinks: true },
    { title: 'labels', value: labelsOf, shrinks: true },
  ];
}

function agentFields(agent: AgentView, nowMs: number): Fields {
  return [
    ['id', agent.id],
    ['state', `${agent.state} (${relativeMoment(agent.stateAt, nowMs) ?? ''})`],
    ['breaker', agent.breaker === 'closed' ? undefined : agent.breaker],
    ['kind', agent.kind],
    ['connection', agent.connection],
    ['slots', `${agent.running} of ${agent.slots} in use`],
    ['waiting for input', agent.waiting === 0 ? undefined : agent.waiting],
    ['capabilities', agent.capabilities.join(' ')],
    ['labels', labelsOf(agent)],
    ['trust', trustOf(agent)],
    ['cost', agent.cost],
    ['weight', agent.weight],
    [
      'lost after',
      `${agent.heartbeatMs} ms of silence${agent.availability === undefined ? '' : ' while it works'}`,
    ],
    ['there', availabilityOf(agent)],
    ['wakes', agent.wakesAt],
    ['registered', agent.registeredAt],
  ];
}

/** When it comes, of an agent that is not always there. */
function availabilityOf({ availability }: AgentView): string | undefined {
  if (availability === undefined || availability.kind === 'always') return undefined;
  if (availability.kind === 'webhook') return `when called at ${availability.url}`;
  if (availability.kind === 'poll') {
    const { everyMs, graceMs = 0 } = availability;
    return `comes by every ${showSpan(everyMs)}, or ${showSpan(graceMs)} later`;
  }
  const { cron, everyMs = 0, openMs, timezone } = availability;
  const when = cron === undefined ? `every ${showSpan(everyMs)}` : `${cron} (${timezone})`;
  return `for ${showSpan(openMs)}, ${when}`;
}

function trustOf({ trust }: AgentView): string | undefined {
  if (trust === undefined) return undefined;
  return `${trust.factor} (dissented ${trust.dissents} times, agreed ${trust.agreements} times since)`;
}

function labelsOf(agent: AgentView): string {
  return Object.entries(agent.labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
