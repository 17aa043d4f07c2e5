/**
 * Brings a clone to the point where everything else can run: the pinned Node, the dependencies, the build.
 *
 * Plain JavaScript for Node ≥ 18 and without dependencies: it is what runs before there are any.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

const NODE_MAJOR_MIN = 24;
const runtimeDir = join(root, 'tools', 'runtime');

/** The Node to run everything under: this one if it is new enough, else the pinned one through npm. */
export function ensureNode() {
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) return process.execPath;
  const bundled = findBundledNode();
  if (bundled !== null) return bundled;
  say(`Node ${process.versions.node} is older than ${NODE_MAJOR_MIN}; bringing the pinned one …`);
  install({ cwd: runtimeDir, path: process.env.PATH ?? '' });
  const installed = findBundledNode();
  if (installed !== null) return installed;
  return fail(
    `no pinned Node for ${process.platform}-${process.arch}: install Node ${NODE_MAJOR_MIN} or newer (https://nodejs.org) and try again`,
  );
}

/** The pinned Node where it is installed, or null. */
export function findBundledNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const path = join(
    runtimeDir,
    'node_modules',
    `node-${process.platform}-${process.arch}`,
    'bin',
    name,
  );
  return existsSync(path) ? path : null;
}

/** PATH with this Node and the project's tools in front. */
export function pathWith(node) {
  return [dirname(node), join(root, 'node_modules', '.bin'), process.env.PATH ?? ''].join(
    delimiter,
  );
}

/** Installs the dependencies unless the lock file is the one they were installed from. */
export function ensureDependencies(node) {
  const stamp = join(root, 'node_modules', '.uqo-installed');
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const wanted = `${lock} ${process.platform}-${process.arch}`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('installing dependencies …');
  install({ cwd: root, path: pathWith(node) });
  writeFileSync(stamp, wanted);
}

/** Builds unless every source is older than the last build. */
export function ensureBuild(node) {
  if (!isBuildStale()) return;
  say('building …');
  const startedAt = new Date();
  const done = spawnSync(node, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (done.status !== 0) fail('the build failed; see above');
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(join(root, 'dist', '.built'), startedAt.toISOString());
}

export function isBuildStale() {
  const stamp = join(root, 'dist', '.built');
  if (!existsSync(stamp)) return true;
  const builtMs = Date.parse(readFileSync(stamp, 'utf8'));
  return (
    newestMs(join(root, 'src')) > builtMs ||
    statSync(join(root, 'tsconfig.base.json')).mtimeMs > builtMs
  );
}

function newestMs(directory) {
  let newest = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    const ms = entry.isDirectory()
      ? newestMs(path)
      : entry.name.endsWith('.test.ts')
        ? 0
        : statSync(path).mtimeMs;
    if (ms > newest) newest = ms;
  }
  return newest;
}

/**
 * Installs what the lock file names.
 *
 * Not `npm ci`: that fails where a registry lacks some optional package of another platform, which
 * `npm install` passes over. Without saving, the lock file stays as it is.
 */
function install({ cwd, path }) {
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel', 'error'];
  // A line about a setting of the user's own npm says nothing about this project.
  const done = spawnSync('npm', args, {
    cwd,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'inherit', 'pipe'],
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  const errors = (done.stderr ?? '')
    .split('\n')
    .filter((line) => line !== '' && !line.includes('Unknown user config'));
  if (errors.length > 0) console.error(errors.join('\n'));
  if (done.status !== 0) fail(`npm install failed in ${cwd}`);
}

function say(line) {
  console.error(`uqo: ${line}`);
}

function fail(line) {
  say(line);
  process.exit(1);
}
