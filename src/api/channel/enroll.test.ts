/** Many agents behind one connection, as those of a gateway: raw frames against the server's end. */
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { packMessage, unpackMessage, type RawFrame } from '../../contract/index.ts';
import type { AgentId } from '../../core/index.ts';
import { turn } from '../../runtime/testing/runtime-world.ts';
import { ChannelWorld } from './testing/channel-world.ts';

let world: ChannelWorld;
const sockets: WebSocket[] = [];

beforeEach(async () => {
  world = new ChannelWorld();
  await world.open();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await world.dispose();
});

const SPEC = { capabilities: ['work'], slots: 1, heartbeatMs: 1_000 };

class Gateway {
  readonly frames: RawFrame[] = [];
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.frames.push(...unpackMessage(data)));
    socket.on('close', (code) => this.frames.push(['closed', code]));
  }

  static async open(hello: object = {}): Promise<Gateway> {
    const socket = new WebSocket(`${world.url.replace('http', 'ws')}/agents/connect`);
    sockets.push(socket);
    await once(socket, 'open');
    const gateway = new Gateway(socket);
    const agents = [{ id: 'gate', ...SPEC }];
    gateway.say(['hello', { version: 1, incarnation: 'i', held: [], agents, ...hello }]);
    await gateway.hears('welcome');
    return gateway;
  }

  say(...frames: RawFrame[]): void {
    this.#socket.send(packMessage(frames));
  }

  async hears(name: string): Promise<RawFrame> {
    await happens(() => this.frames.some(([first]) => first === name));
    return this.frames.find(([first]) => first === name) as RawFrame;
  }
}

/**
 * Looks at every turn of the event loop until it is so, and lets agents beat meanwhile; the test's own time
 * limit ends what never is.
 */
async function happens(isSo: () => boolean, beat: () => void = () => undefined): Promise<void> {
  for (let turns = 0; !isSo(); turns++) {
    if (turns % 100 === 0) beat();
    await turn();
  }
}

/** Ids and tokens of the leases that came. */
function leasesOf({ frames }: Gateway): [string, number][] {
  return frames
    .filter(([name]) => name === 'leases')
    .flatMap(([, , , ids, tokens]) =>
      (ids as string[]).map((id, i): [string, number] => [id, (tokens as number[])[i] as number]),
    );
}

function stateOf(id: string): string | undefined {
  return world.runtime.agents.get(id as AgentId)?.state;
}

describe('agents behind one connection', () => {
  test('are registered thousands at a time, share what they are, and are served', async () => {
    const gateway = await Gateway.open();
    const ids = Array.from({ length: 3_000 }, (_, i) => `agent-${i}`);
    const other = { ...SPEC, capabilities: ['other'] };
    gateway.say(['enroll', 1, [SPEC, other], ids, ids.map((_, i) => i % 2)]);
    expect(await gateway.hears('enrolled')).toEqual(['enrolled', 1]);
    expect(world.runtime.status().agents.ready).toBe(3_001);
    const specs = { type: 'other', queue: 'default', namespace: 'default', priority: 4 };
    await world.runtime.tasks.submit({
      specs: [
        {
          ...specs,
          requires: { capabilities: ['other'], labels: {} },
          retry: {
            attemptsMax: 1,
            strategy: 'fixed',
            delayMs: 0,
            delayMsMax: 0,
            jitter: 0,
            nonRetryable: [],
          },
          timeouts: {},
        },
      ],
      specOf: null,
      payloads: ['1'],
      extras: null,
    });
    const [, , positions] = await gateway.hears('leases');
    // Positions go on after the agent of the hello.
    const [position = 0] = positions as number[];
    expect(position % 2).toBe(0);
    expect(position).toBeGreaterThan(0);
  });

  test.each<[string, RawFrame]>([
    ['one twice', ['enroll', 1, [SPEC], ['a', 'a'], null]],
    ['one that is there', ['enroll', 1, [SPEC], ['gate'], null]],
    ['ones that are nothing', ['enroll', 1, [], ['a'], null]],
    ['a spec that is not there', ['enroll', 1, [SPEC], ['a'], [1]]],
    ['a spec with an id', ['enroll', 1, [{ ...SPEC, id: 'b' }], ['a'], null]],
    ['a weight that is no number', ['enroll', 1, [{ ...SPEC, weight: Number.NaN }], ['a'], null]],
    ['an infinite weight', ['enroll', 1, [{ ...SPEC, weight: Infinity }], ['a'], null]],
    ['an infinite cost', ['enroll', 1, [{ ...SPEC, cost: Infinity }], ['a'], null]],
    [
      'ten thousand capabilities',
      [
        'enroll',
        1,
        [{ capabilities: Array.from({ length: 10_000 }, (_, i) => `c${i}`) }],
        ['a'],
        null,
      ],
    ],
    [
      'a bomb of labels',
      [
        'enroll',
        1,
        [
          {
            ...SPEC,
            labels: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`l${i}`, ''])),
          },
        ],
        ['a'],
        null,
      ],
    ],
    ['no names', ['enroll', 1, [SPEC], ['not a name'], null]],
    ['too many', ['enroll', 1, [SPEC], Array.from({ length: 10_001 }, (_, i) => `a${i}`), null]],
    ['a beat of one that is not there', ['beat', [1]]],
  ])('are refused with %s, and the connection with them', async (_, frame) => {
    const gateway = await Gateway.open();
    gateway.say(frame);
    expect(await gateway.hears('problem')).toMatchObject(['problem', { code: 'INVALID_REQUEST' }]);
    await gateway.hears('closed');
    expect((await world.runtime.agents.list(null, 10)).items.map(({ id }) => id)).toEqual(['gate']);
  });

  test('are there by what comes over it, and lost without', async () => {
    const gateway = await Gateway.open();
    gateway.say(['enroll', 1, [SPEC], ['a'], null]);
    await gateway.hears('enrolled');
    // One of its agents is heard of by its own beats only: what is lost first tells who is spoken for.
    const other = await Gateway.open({
      presence: 'agent',
      agents: [{ id: 'quiet', ...SPEC }],
    });
    await happens(
      () => stateOf('quiet') === 'lost',
      () => {
        gateway.say(['beat']);
        other.say(['beat']);
      },
    );
    expect([stateOf('gate'), stateOf('a')]).toEqual(['ready', 'ready']);
    await happens(() => stateOf('a') === 'lost');
  });

  test('each by its own beats where the hello says so, and served again when they come back', async () => {
    const gateway = await Gateway.open({ presence: 'agent' });
    gateway.say(['enroll', 1, [SPEC], ['a', 'b'], null]);
    await gateway.hears('enrolled');
    await happens(
      () => stateOf('a') === 'lost',
      () => gateway.say(['beat', [0, 2]]),
    );
    expect([stateOf('gate'), stateOf('b')]).toEqual(['ready', 'ready']);
    gateway.say(['beat', [1]]);
    await happens(() => stateOf('a') === 'ready');
    expect(world.runtime.agents.get('a' as AgentId)?.connection).toBe('channel');
  });

  test('keep what they hold over a new connection, though they are enrolled after its hello', async () => {
    const gateway = await Gateway.open();
    const only = { ...SPEC, capabilities: ['sense'], heartbeatMs: 60_000 };
    gateway.say(['enroll', 1, [only], ['a', 'b'], null]);
    await gateway.hears('enrolled');
    await world.runtime.submitTasks([{ type: 'sense' }, { type: 'sense' }]);
    await happens(() => leasesOf(gateway).length === 2);
    const held = leasesOf(gateway);
    sockets[0]?.terminate();
    await happens(() => world.runtime.agents.get('a' as AgentId)?.connection === null);
    const again = await Gateway.open({ held: [held[0], ['gone', 1]] });
    again.say(['enroll', 1, [only], ['a'], null], ['enroll', 2, [only], ['b'], null]);
    await happens(() => again.frames.filter(([name]) => name === 'enrolled').length === 2);
    await happens(() => leasesOf(again).length > 0);
    // What it does not hold comes again; what is over is revoked, and nothing else.
    expect(leasesOf(again)).toEqual([held[1]]);
    const revoked = again.frames.filter(([name]) => name === 'revoked');
    expect(revoked).toEqual([['revoked', ['gone'], [1], 'fenced']]);
  });

  test('a hello with another kind of presence is refused', async () => {
    const opened = Gateway.open({ presence: 'sometimes' });
    opened.catch(() => undefined);
    await happens(() => sockets[0]?.readyState === WebSocket.CLOSED);
    expect(world.runtime.status().agents.ready).toBe(0);
  });
});
