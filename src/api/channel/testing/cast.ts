/** A server's channels, a proxy that can break connections, and the clients and agents that come. */
import { Agent, Client, type AgentOptions } from '../../../client/index.ts';
import type { HandlerTask, SubmitTask } from '../../../contract/index.ts';
import { turn } from '../../../runtime/testing/runtime-world.ts';
import { ChannelWorld, Proxy } from './channel-world.ts';

export type NumberTask = HandlerTask<{ n: number }>;

export class Cast {
  readonly world: ChannelWorld;
  readonly proxy: Proxy;
  readonly #ends: (() => Promise<unknown>)[] = [];
  readonly #unheard: unknown[] = [];
  readonly #note = (error: unknown): void => void this.#unheard.push(error);

  private constructor(world: ChannelWorld, proxy: Proxy) {
    this.world = world;
    this.proxy = proxy;
    process.on('unhandledRejection', this.#note);
  }

  static async open(): Promise<Cast> {
    const world = new ChannelWorld();
    await world.open();
    const proxy = new Proxy(world.port);
    await proxy.open();
    return new Cast(world, proxy);
  }

  client(url: string): Client {
    const client = new Client({ url });
    this.#ends.push(() => client.close());
    return client;
  }

  /** An agent that doubles numbers, where it is not told otherwise. */
  async agent(url: string, options: Partial<AgentOptions> = {}): Promise<Agent> {
    const agent = new Agent({
      url,
      id: 'worker',
      capabilities: ['work'],
      slots: 4,
      handler: (task: NumberTask) => task.payload.n * 2,
      ...options,
    });
    this.#ends.push(() => agent.stop(0));
    await agent.start();
    return agent;
  }

  /** @throws AggregateError where a promise was rejected that nobody listened to */
  async close(): Promise<void> {
    for (const end of this.#ends.splice(0)) await end();
    await this.proxy.close();
    await this.world.dispose();
    process.off('unhandledRejection', this.#note);
    if (this.#unheard.length > 0)
      throw new AggregateError(this.#unheard, 'rejections went unheard');
  }
}

export function work(n: number, more: Partial<SubmitTask> = {}): SubmitTask & { type: string } {
  return { type: 'work', payload: { n }, retry: { delayMs: 0, attemptsMax: 100 }, ...more };
}

export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Waits for what the server's sockets will bring about. */
export async function happensAgain(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}
