/** A network namespace for each node, joined by a bridge: partitions are routes that lead nowhere. Needs root. */
import { execFileSync } from 'node:child_process';

const SUBNET = `10.${77 + (process.pid % 100)}.${(process.pid >> 7) % 250}`;
const BRIDGE = `uqobr${process.pid % 10_000}`;

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Whether this process may make namespaces here. */
export function canPartition(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const name = `uqotry${process.pid}`;
  try {
    ip('netns', 'add', name);
    ip('netns', 'del', name);
    return true;
  } catch {
    return false;
  }
}

export class Namespaces {
  readonly #ids: readonly string[];

  constructor(ids: readonly string[]) {
    this.#ids = ids;
    ip('link', 'add', BRIDGE, 'type', 'bridge');
    ip('addr', 'add', `${SUBNET}.1/24`, 'dev', BRIDGE);
    ip('link', 'set', BRIDGE, 'up');
    for (const [position, id] of ids.entries()) this.#add(id, position);
  }

  addressOf(id: string): string {
    return `${SUBNET}.${this.#ids.indexOf(id) + 10}`;
  }

  /** What runs a process in a node's namespace. */
  under(id: string): readonly string[] {
    return ['ip', 'netns', 'exec', nameOf(id)];
  }

  /** Nothing that `from` sends reaches `to` any more. */
  block(from: string, to: string): void {
    ip('-n', nameOf(from), 'route', 'replace', 'blackhole', `${this.addressOf(to)}/32`);
  }

  /** Nothing passes between the two. */
  part(a: string, b: string): void {
    this.block(a, b);
    this.block(b, a);
  }

  /** Everything reaches everyone again. */
  heal(): void {
    for (const from of this.#ids) {
      for (const to of this.#ids) {
        try {
          ip('-n', nameOf(from), 'route', 'del', 'blackhole', `${this.addressOf(to)}/32`);
        } catch {
          // It was not blocked.
        }
      }
    }
  }

  dispose(): void {
    for (const id of this.#ids) ip('netns', 'del', nameOf(id));
    ip('link', 'del', BRIDGE);
  }

  #add(id: string, position: number): void {
    const name = nameOf(id);
    const [outer, inner] = [`uqo${position}o${process.pid % 10_000}`, 'eth0'];
    ip('netns', 'add', name);
    ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner, 'netns', name);
    ip('link', 'set', outer, 'master', BRIDGE, 'up');
    ip('-n', name, 'addr', 'add', `${this.addressOf(id)}/24`, 'dev', inner);
    ip('-n', name, 'link', 'set', inner, 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
  }
}

function nameOf(id: string): string {
  return `uqo-${id}-${process.pid}`;
}
