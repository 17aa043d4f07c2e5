/** Parts of the plan that this version does not have: listed as such, never as passed. */
import type { StatusView } from '../../contract/index.ts';
import { CONFIG_KEYS } from '../config/config-keys.ts';
import type { Report } from './report.ts';
import type { World } from './world.ts';

interface Part {
  readonly title: string;
  /** Whether the part is there after all: then it lacks a check, which is a failure of this command. */
  readonly isThere: (world: World) => Promise<boolean>;
}

const PARTS: readonly Part[] = [
  { title: 'cluster: Byzantine-tolerant log (pbft)', isThere: () => hasChoice('log', 'pbft') },
  { title: 'log on NATS JetStream', isThere: () => hasChoice('log', 'jetstream') },
  { title: 'split roles (core, gateway)', isThere: () => hasChoice('role', 'gateway') },
  { title: 'security: authentication', isThere: asksWho },
  { title: 'security: audit log', isThere: (world) => hasRoute(world, '/audit') },
  { title: 'dashboard, MCP and A2A', isThere: (world) => hasRoute(world, '/mcp') },
];

/** Must run while the server does. */
export async function listNotBuilt(world: World, report: Report): Promise<void> {
  for (const { isThere, title } of PARTS) {
    const group = 'Not built yet';
    const found = await isThere(world).catch(() => false);
    const detail = found ? 'it is there, and this command has no check for it' : null;
    report.add({ group, title, status: found ? 'failed' : 'not built', durationMs: 0, detail });
  }
}

function hasChoice(name: string, choice: string): Promise<boolean> {
  const key = CONFIG_KEYS.find((known) => known.name === name);
  return Promise.resolve(key?.type === 'choice' && key.notBuilt?.includes(choice) !== true);
}

/** Nobody has said who they are: with authentication this would be refused. */
async function asksWho({ api }: World): Promise<boolean> {
  return api.get<StatusView>('/status').then(
    () => false,
    () => true,
  );
}

/** Whether any route below the path is described. */
async function hasRoute({ server }: World, path: string): Promise<boolean> {
  const response = await fetch(`${server.url}/openapi.json`);
  const { paths } = (await response.json()) as { paths: Readonly<Record<string, unknown>> };
  return Object.keys(paths).some((known) => known.includes(path));
}
