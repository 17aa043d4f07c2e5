/**
 * House rules that no off-the-shelf tool checks. Reads only; prints every breach and fails if there is one.
 *
 * Each rule counts what it looked at: a rule that saw nothing is itself a breach, because then it guards nothing.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Who may import whom: each room and the rooms it refers to. Change it here and in the room's tsconfig, with a reason. */
const ROOM_REFERENCES: Readonly<Record<string, readonly string[]>> = {
  base: [],
  contract: ['base'],
  core: ['base'],
  scheduling: ['base', 'core'],
  quantum: ['base'],
  reliability: ['base'],
  consensus: ['base'],
  log: ['base', 'consensus'],
  store: ['base', 'core'],
  telemetry: ['base', 'core'],
  // Of `quantum` the solver alone, in the thread that plans placement.
  runtime: [
    'base',
    'contract',
    'core',
    'scheduling',
    'quantum',
    'reliability',
    'log',
    'store',
    'telemetry',
  ],
  agents: ['base', 'contract', 'quantum'],
  client: ['base', 'contract'],
  api: ['base', 'contract', 'runtime', 'telemetry'],
  // What users test with: the orchestrator, on storage and a clock of its own.
  testing: ['base', 'contract', 'core', 'runtime', 'log', 'store', '..'],
  // The composition root of the server, and `doctor`, which looks into log and store without a server.
  cli: [
    'base',
    'contract',
    'client',
    'api',
    'agents',
    'quantum',
    'runtime',
    'telemetry',
    'log',
    'store',
    '..',
  ],
};

const PURE_ROOMS = new Set(['base', 'core', 'scheduling', 'reliability', 'consensus', 'quantum']);
const BANNED_FOLDERS = /(^|\/)(utils?|common|helpers?|types|interfaces|models|misc|shared)(\/|$)/;
const MARKS = /\b(TODO|FIXME|XXX|HACK)\b(?! #\d+)/;
const SLEEPS = /\b(setTimeout|setInterval)\(|timers\/promises/;

const breaches: string[] = [];
const seen = new Map<string, number>();

function breach(rule: string, where: string, what: string): void {
  breaches.push(`${where}: ${what} (${rule})`);
}

function look(rule: string): void {
  seen.set(rule, (seen.get(rule) ?? 0) + 1);
}

function filesBelow(directory: string): string[] {
  return readdirSync(join(root, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function checkRooms(): void {
  const rooms = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  for (const { name } of rooms) {
    look('room references');
    const allowed = ROOM_REFERENCES[name];
    const file = `src/${name}/tsconfig.json`;
    if (allowed === undefined) {
      breach('room references', file, 'a room must be listed in tools/tidy.ts');
      continue;
    }
    const config = JSON.parse(readFileSync(join(root, file), 'utf8')) as {
      readonly compilerOptions: { readonly types?: readonly string[] };
      readonly references: readonly { readonly path: string }[];
    };
    for (const { path } of config.references) {
      const room = path === '..' ? path : path.replace(/^\.\.\//, '');
      if (!allowed.includes(room)) breach('room references', file, `must not refer to ${room}`);
    }
    const isTypeless = config.compilerOptions.types?.length === 0;
    if (PURE_ROOMS.has(name) && !isTypeless)
      breach('pure rooms', file, 'a pure room must have "types": []');
  }
}

function checkSources(files: readonly string[]): void {
  for (const file of files) {
    if (!/\.(ts|mjs)$/.test(file)) continue;
    look('sources');
    const text = readFileSync(join(root, file), 'utf8');
    if (BANNED_FOLDERS.test(dirname(file)))
      breach('names', file, 'the folder says nothing of what is in it');
    if (file !== 'tools/tidy.ts' && MARKS.test(text))
      breach('marks', file, 'a mark must name an issue, as in "#12"');
    if (/^export \* from/m.test(text))
      breach('explicit exports', file, 'exports are named one by one');
    const isTest = file.endsWith('.test.ts');
    const mayWait = /^test\/(integration|e2e|cluster|attack)\//.test(file);
    if (isTest && !mayWait) {
      look('tests');
      if (SLEEPS.test(text))
        breach('no sleeping tests', file, 'a test waits for signals, not for time');
    }
    if (isTest && /\b(it|test|describe)\.(skip|only|todo)\b/.test(text)) {
      breach('no skipped tests', file, 'every test runs');
    }
  }
}

function checkDocuments(files: readonly string[]): void {
  for (const file of files.filter((name) => name.endsWith('.md'))) {
    look('documents');
    const text = readFileSync(join(root, file), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|mailto:|#)([^)\s#]+)[^)]*\)/g)) {
      look('links');
      if (existsSync(join(root, dirname(file), target))) continue;
      breach('links', file, `links to ${target}, which is not there`);
    }
  }
}

function checkVersion(): void {
  look('version');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const source = readFileSync(join(root, 'src/base/version.ts'), 'utf8');
  if (!source.includes(`'${version}'`))
    breach('version', 'src/base/version.ts', `must be ${version}`);
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  if (!changelog.includes('## [Unreleased]'))
    breach('changelog', 'CHANGELOG.md', 'must begin with [Unreleased]');
}

const code = ['src', 'test', 'bench', 'examples', 'tools']
  .flatMap(filesBelow)
  .filter((file) => !file.includes('node_modules'));
checkRooms();
checkSources(code);
checkDocuments([
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  ...filesBelow('docs'),
]);
checkVersion();

for (const rule of ['room references', 'sources', 'tests', 'documents', 'links', 'version']) {
  if (!seen.has(rule)) breach('tidy', 'tools/tidy.ts', `rule "${rule}" looked at nothing`);
}
for (const line of breaches) console.error(line);
console.log(
  `tidy: ${seen.get('sources')} sources, ${seen.get('tests')} tests, ${seen.get('links')} links; ${breaches.length} breaches`,
);
process.exit(breaches.length === 0 ? 0 : 1);
