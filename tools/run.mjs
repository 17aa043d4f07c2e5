/**
 * The project's commands: `node tools/run.mjs NAME [ARGUMENTS]`, behind `npm run NAME` and `npm start`.
 *
 * Each first brings the clone into shape (see setup.mjs), so that none needs another one before it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuild, ensureDependencies, ensureNode, pathWith, root } from './setup.mjs';

const [name = '', ...args] = process.argv.slice(2);
const node = ensureNode();
const env = { ...process.env, PATH: pathWith(node) };
ensureDependencies(node);

const bin = (tool) => join(root, 'node_modules', '.bin', tool);

/** One step of a command; what it writes goes to the terminal. */
function step(title, command, stepArgs) {
  console.error(`\n▸ ${title}`);
  const done = spawnSync(command, stepArgs, { cwd: root, env, stdio: 'inherit' });
  if (done.status === 0) return;
  console.error(`✗ ${title} failed`);
  process.exit(done.status ?? 1);
}

function runTests(testArgs) {
  ensureBuild(node);
  step('tests', bin('vitest'), ['run', ...testArgs]);
}

/** Everything that must hold of a commit but the tests that `npm test` runs. Writes nothing. */
function verify() {
  step('format', bin('prettier'), ['--check', '--log-level', 'warn', '.']);
  step('build', bin('tsc'), ['-b']);
  step('types of tests, benchmarks and tools', bin('tsc'), ['-p', 'tsconfig.test.json']);
  // A room of typed arrays, where an index that may be missing is checked by tests, not by types.
  step('types of quantum tests', bin('tsc'), ['-p', 'src/quantum/tsconfig.test.json']);
  step('lint', bin('oxlint'), ['--type-aware', '--deny-warnings']);
  step('unused code and dependencies', bin('knip'), []);
  step('house rules', node, [join('tools', 'tidy.ts')]);
  step('package', bin('publint'), ['--strict']);
}

function runExamples() {
  ensureBuild(node);
  const files = readdirSync(join(root, 'examples')).filter((file) => /^\d\d-.*\.ts$/.test(file));
  for (const file of files.sort()) step(`examples/${file}`, node, [join('examples', file)]);
}

/** Runs until it ends or is told to, and ends as it ended. */
function become(command, commandArgs) {
  const child = spawn(command, commandArgs, { cwd: root, env, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
}

const commands = {
  start: () => {
    ensureBuild(node);
    become(node, [join('bin', 'uqo'), 'start', ...args]);
  },
  build: () => step('build', bin('tsc'), ['-b', ...args]),
  test: () => runTests(args),
  verify,
  fix: () => {
    step('lint', bin('oxlint'), ['--type-aware', '--fix']);
    step('format', bin('prettier'), ['--write', '--log-level', 'warn', '.']);
  },
  bench: () => {
    ensureBuild(node);
    become(node, [join('bench', 'main.ts'), ...args]);
  },
  examples: runExamples,
  simulate: () => become(node, [join('test', 'simulation', 'main.ts'), ...args]),
  drill: () => {
    ensureBuild(node);
    become(node, [join('test', 'drill', 'main.ts'), ...args]);
  },
};

const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (command === undefined || !existsSync(join(root, 'package.json'))) {
  console.error(`usage: node tools/run.mjs ${Object.keys(commands).join('|')}`);
  process.exit(2);
}
command();
