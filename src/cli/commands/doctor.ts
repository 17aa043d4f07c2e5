import { Option, type Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { CONFIG_FILE_NAME, CONFIG_KEYS } from '../config/config-keys.ts';
import { resolveConfig, type ResolvedConfig } from '../config/resolve-config.ts';
import type { Finding } from '../doctor/finding.ts';
import { EXIT } from '../exit-codes.ts';
import type { Output } from '../output/output.ts';
import { UsageError } from '../usage-error.ts';

const EXAMPLES = `Examples:
  uqo doctor
  uqo doctor --data /var/lib/uqo --url http://10.0.0.5:8080
`;

/** Settings of the server that matter here. */
const NAMES: readonly string[] = ['dataDir', 'host', 'port'];

export function addDoctor(program: Command, ctx: CliContext): void {
  const command = program
    .command('doctor')
    .description('look for what keeps a server from running or answering; changes nothing')
    .addHelpText('before', EXAMPLES);
  for (const key of CONFIG_KEYS) {
    if (NAMES.includes(key.name) && key.flag !== undefined) command.option(key.flag, key.doc);
  }
  command
    .addOption(new Option('--config <file>', 'settings of the server').env('UQO_CONFIG'))
    .action(async (options: Record<string, string | undefined>, doctor: Command) => {
      const output = ctx.output(doctor);
      const findings = await look(options, doctor, ctx);
      show(output, findings);
      if (findings.some(({ status }) => status === 'bad')) ctx.exitCode = EXIT.refused;
    });
}

async function look(
  options: Readonly<Record<string, string | undefined>>,
  command: Command,
  ctx: CliContext,
): Promise<readonly Finding[]> {
  const [{ lookAtMachine }, { lookAtFolder }, { lookAtData }, { lookAtServer }, { bad, ok }] =
    await Promise.all([
      import('../doctor/look-at-machine.ts'),
      import('../doctor/look-at-folder.ts'),
      import('../doctor/look-at-data.ts'),
      import('../doctor/look-at-server.ts'),
      import('../doctor/finding.ts'),
    ]);
  const findings: Finding[] = [...lookAtMachine()];
  let resolved: ResolvedConfig;
  try {
    resolved = await readConfig(options, ctx);
    findings.push(ok('configuration', 'every setting is valid'));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return [
      ...findings,
      bad('configuration', error.message, error.hint ?? 'see `uqo start --help`'),
    ];
  }
  const { dataDir, host, port } = resolved.config;
  const folder = await lookAtFolder(dataDir);
  findings.push(...folder);
  if (folder.every(({ status }) => status !== 'bad')) findings.push(...(await lookAtData(dataDir)));
  return [...findings, ...(await lookAtServer(ctx.api(command), { host, port }))];
}

async function readConfig(
  options: Readonly<Record<string, string | undefined>>,
  ctx: CliContext,
): Promise<ResolvedConfig> {
  const { readConfigFile } = await import('../config/read-config-file.ts');
  const file = readConfigFile(options['config']);
  return resolveConfig({
    flags: { dataDir: options['data'], host: options['host'], port: options['port'] },
    environment: ctx.streams.environment,
    file: file?.content ?? null,
    fileName: file?.name ?? CONFIG_FILE_NAME,
  });
}

function show(output: Output, findings: readonly Finding[]): void {
  if (output.format !== 'table') {
    output.list({ items: findings }, findings, []);
    return;
  }
  const { paint } = output;
  const marks = { ok: paint.green('✓'), odd: paint.yellow('!'), bad: paint.red('✗') };
  const width = Math.max(...findings.map(({ check }) => check.length));
  for (const { advice, check, detail, status } of findings) {
    output.line(`${marks[status]} ${check.padEnd(width)}  ${detail}`);
    if (advice !== null) output.line(`  ${' '.repeat(width)}  ${paint.dim(`→ ${advice}`)}`);
  }
}
