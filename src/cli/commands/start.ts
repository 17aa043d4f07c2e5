import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import type { ConfigKey } from '../config/config-key.ts';
import { CONFIG_FILE_NAME, CONFIG_KEYS } from '../config/config-keys.ts';
import { showConfigValue } from '../config/config-value.ts';
import { resolveConfig, type ConfigEntry, type ResolvedConfig } from '../config/resolve-config.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Output } from '../output/output.ts';

const EXAMPLES = `Examples:
  uqo start                                  on http://127.0.0.1:8080, data in ./data
  uqo start --data /var/lib/uqo --port 9000
  UQO_LOG_LEVEL=debug uqo start --no-agents
  uqo start --print-config                   each setting, its value, where it came from
`;

export function addStart(program: Command, ctx: CliContext): void {
  const command = program
    .command('start')
    .description('run the server in the foreground until it is told to stop')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', settingsHelp());
  for (const key of CONFIG_KEYS) {
    if (key.flag !== undefined) command.addOption(flagOf(key, key.flag));
  }
  command
    .addOption(
      new Option(
        '--config <file>',
        `settings, as YAML (default: ${CONFIG_FILE_NAME} if there)`,
      ).env('UQO_CONFIG'),
    )
    .option('--print-config', 'show every setting and where it came from, and exit')
    .action(async (_options: unknown, start: Command) => {
      await run(start, ctx);
    });
}

async function run(command: Command, ctx: CliContext): Promise<void> {
  const output = ctx.output(command);
  const { config: fileName, printConfig } = command.opts<{ config?: string; printConfig?: true }>();
  const { readConfigFile } = await import('../config/read-config-file.ts');
  const file = readConfigFile(fileName);
  const resolved = resolveConfig({
    flags: givenFlags(command),
    environment: ctx.streams.environment,
    file: file?.content ?? null,
    fileName: file?.name ?? CONFIG_FILE_NAME,
  });
  for (const warning of resolved.warnings) output.message(`warning: ${warning}`);
  if (printConfig === true) print(output, resolved.entries);
  else ctx.exitCode = await runServer(resolved, output, ctx);
}

async function runServer(
  { config }: ResolvedConfig,
  output: Output,
  ctx: CliContext,
): Promise<ExitCode> {
  const [{ createLogger }, { serve }] = await Promise.all([
    import('../../telemetry/index.ts'),
    import('../server/serve.ts'),
  ]);
  const { stderr } = ctx.streams;
  const logger = createLogger({ level: config.logLevel, destination: stderr });
  return serve({
    config,
    logger,
    ready: (server) => {
      output.line(`ready on ${server.url}`);
      if (output.isTerminal)
        output.message(welcome(server.url, resolve(config.dataDir), config.agents));
    },
  });
}

/** From a clone the command is not on the path. */
function commandName(): string {
  const isClone = existsSync(new URL('../../../tools/setup.mjs', import.meta.url));
  return isClone ? './bin/uqo' : 'uqo';
}

function welcome(url: string, dataDir: string, hasAgents: boolean): string {
  const uqo = commandName();
  const at = url === 'http://127.0.0.1:8080' ? '' : ` --url ${url}`;
  const first = hasAgents
    ? `  submit a first task   curl -s ${url}/api/v1/tasks -H 'content-type: application/json' \\
                          -d '{"type":"data.analyze","payload":{"csv":"city,sales\\nOslo,3\\nRome,5\\n"}}'
  see its result        ${uqo} task list${at}, then ${uqo} task get ID${at}
  submit and wait       ${uqo} task submit ml.forecast --payload '{"series":[1,2,3,4,5,6,7,8],"horizon":3}' --wait${at}`
    : `  no agents run here    connect yours: ${url}/docs/api/`;
  return `
${first}
  what is going on      ${uqo} status${at}
  every route           ${url}/docs/api/
  data                  ${dataDir}
  stop                  Ctrl-C
`;
}

function flagOf(key: ConfigKey, flag: string): Option {
  const shown =
    key.type === 'boolean' || key.default === ''
      ? ''
      : ` (default: ${showConfigValue(key, key.default)})`;
  const doc = flag.startsWith('--no-') ? 'leave the built-in agents out' : `${key.doc}${shown}`;
  const option = new Option(flag, doc);
  // Checked with all other settings; this only tells completion.
  if (key.type === 'choice') {
    const argChoices = key.choices.filter((choice) => key.notBuilt?.includes(choice) !== true);
    Object.assign(option, { argChoices });
  }
  return option;
}

/** Flags that were given, by the name of their setting. */
function givenFlags(command: Command): Record<string, unknown> {
  const flags: Record<string, unknown> = {};
  for (const key of CONFIG_KEYS) {
    if (key.flag === undefined) continue;
    const attribute = new Option(key.flag).attributeName();
    if (command.getOptionValueSource(attribute) !== 'cli') continue;
    flags[key.name] = command.getOptionValue(attribute);
  }
  return flags;
}

function print(output: Output, entries: readonly ConfigEntry[]): void {
  const rows = entries.map(({ key, source, value }) => ({
    key: key.name,
    value: showConfigValue(key, value),
    source,
  }));
  output.list(rows, rows, [
    { title: 'key', value: (row) => row.key },
    { title: 'value', value: (row) => row.value },
    { title: 'source', value: (row) => row.source },
  ]);
}

function settingsHelp(): string {
  const width = Math.max(...CONFIG_KEYS.map((key) => key.env.length));
  const lines = CONFIG_KEYS.map(
    (key) =>
      `  ${key.env.padEnd(width)}  ${key.name}: ${key.doc} (${showConfigValue(key, key.default)})`,
  );
  return `
A setting comes from its flag, else its variable, else its key in ${CONFIG_FILE_NAME}, else its default:
${lines.join('\n')}

The first SIGINT, SIGTERM or SIGHUP stops the server in order, the second at once.`;
}
