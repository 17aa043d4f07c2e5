/** Options of the commands that change many tasks at once. */
import { Option, type Command } from 'commander';
import type { OperationBody, RedriveParams } from '../../contract/index.ts';
import { integerValue, numberValue, pair, repeated } from '../option-values.ts';
import { readPayload } from '../tasks/read-payload.ts';
import type { CliContext } from '../cli-context.ts';

export interface OperationOptions {
  readonly dryRun?: true;
  readonly yes?: true;
  readonly wait?: boolean;
  readonly rate?: number;
  readonly sample?: number;
  readonly seed?: number;
  readonly group?: string;
  readonly includePoison?: true;
  readonly by?: string;
  readonly reason?: string;
}

export interface PlacementOptions {
  readonly toQueue?: string;
  readonly toPriority?: number;
  readonly toCapability?: readonly string[];
  readonly toLabel?: Readonly<Record<string, string>>;
  readonly agent?: string;
  readonly anyAgent?: true;
}

export interface EditOptions {
  readonly payload?: string;
  readonly patch?: string;
  readonly keepAttempts?: true;
  readonly avoidAgent?: readonly string[];
  readonly avoidFailed?: true;
}

export function withOperation(command: Command): Command {
  return withPeople(command)
    .option('--dry-run', 'only say how many it would be')
    .option('-y, --yes', 'do not ask')
    .option('--rate <count>', 'tasks a second, at most', numberValue)
    .option('--sample <count>', 'only so many of them, or below 1 such a share', numberValue)
    .option('--seed <number>', 'another sample', integerValue(0, 0xffff_ffff))
    .addOption(new Option('--no-wait', 'do not wait until it has ended'));
}

/** Who does it, and why: kept with what was done. */
export function withPeople(command: Command): Command {
  return command.option('--by <name>', 'who does it').option('--reason <text>', 'why');
}

export function withPlacement(command: Command): Command {
  return command
    .option('--to-queue <name>', 'into this queue')
    .option('--to-priority <number>', 'with this priority, 9 first', integerValue(0, 9))
    .option('--to-capability <name>', 'for agents with this capability (repeatable)', repeated)
    .option('--to-label <name=value>', 'for agents with this label (repeatable)', pair)
    .addOption(new Option('--agent <id>', 'for this agent only').conflicts('anyAgent'))
    .option('--any-agent', 'for any agent again');
}

export function withEdit(command: Command): Command {
  return command
    .option('--payload <json>', 'another payload: JSON, @file or -')
    .option('--patch <json>', 'a JSON Merge Patch of the payload: JSON, @file or -')
    .option('--keep-attempts', 'do not give all attempts again, only one at least')
    .addOption(
      new Option('--avoid-agent <id>', 'keep it from this agent while another can (repeatable)')
        .argParser(repeated)
        .conflicts('avoidFailed'),
    )
    .option('--avoid-failed', 'keep it from the agents it failed on while another can');
}

/** What the options ask for beside action and query. */
export function operationBody(
  options: OperationOptions,
): Omit<OperationBody, 'action' | 'query' | 'params'> {
  const { by, dryRun, group, includePoison, rate, reason, sample, seed } = options;
  return {
    ...(by === undefined ? {} : { by }),
    ...(reason === undefined ? {} : { reason }),
    ...(dryRun === undefined ? {} : { dryRun }),
    ...(group === undefined ? {} : { group }),
    ...(includePoison === undefined ? {} : { includePoison }),
    ...(rate === undefined ? {} : { rate }),
    ...(sample === undefined ? {} : { sample }),
    ...(seed === undefined ? {} : { seed }),
  };
}

/** How tasks are changed; null where nothing is asked to change. */
export async function redriveParams(
  options: PlacementOptions & EditOptions,
  ctx: CliContext,
): Promise<RedriveParams | null> {
  const {
    agent,
    anyAgent,
    avoidAgent,
    avoidFailed,
    keepAttempts,
    patch,
    payload,
    toCapability,
    toLabel,
    toPriority,
    toQueue,
  } = options;
  const requires = {
    ...(toCapability === undefined ? {} : { capabilities: [...toCapability] }),
    ...(toLabel === undefined ? {} : { labels: toLabel }),
    ...(agent === undefined ? {} : { agent }),
    ...(anyAgent === undefined ? {} : { agent: null }),
  };
  const { stdin } = ctx.streams;
  const params: RedriveParams = {
    ...(toQueue === undefined ? {} : { queue: toQueue }),
    ...(toPriority === undefined ? {} : { priority: toPriority }),
    ...(Object.keys(requires).length === 0 ? {} : { requires }),
    ...(payload === undefined ? {} : { payload: await readPayload(payload, stdin) }),
    ...(patch === undefined
      ? {}
      : { patch: (await readPayload(patch, stdin, 'patch')) as Record<string, unknown> }),
    ...(keepAttempts === undefined ? {} : { resetAttempts: false }),
    ...(avoidAgent === undefined ? {} : { avoidAgents: [...avoidAgent] }),
    ...(avoidFailed === undefined ? {} : { avoidAgents: 'failed' }),
  };
  return Object.keys(params).length === 0 ? null : params;
}
