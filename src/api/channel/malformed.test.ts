/** What strangers send: told what is wrong, cut off, and nothing of it kept. */
import fc from 'fast-check';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { Client } from '../../client/index.ts';
import { packMessage, unpackMessage, type RawFrame } from '../../contract/index.ts';
import { turn } from '../../runtime/testing/runtime-world.ts';
import { ChannelWorld, PAYLOAD_BYTES_MAX } from './testing/channel-world.ts';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

const world = new ChannelWorld();
const unheard: unknown[] = [];
process.on('unhandledRejection', (error) => unheard.push(error));

beforeAll(() => world.open());
afterAll(() => world.dispose());

type Path = '/agents/connect' | '/clients/connect';

async function socketAt(path: Path): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${world.port}${path}`);
  socket.on('error', () => undefined);
  await once(socket, 'open');
  return socket;
}

/** Sends a message and returns what was said until the server hung up. */
async function said(path: Path, message: Uint8Array | string): Promise<RawFrame[]> {
  const socket = await socketAt(path);
  const frames: RawFrame[] = [];
  socket.on('message', (data: Buffer) => frames.push(...unpackMessage(data)));
  const closed = once(socket, 'close');
  socket.send(message);
  const [code] = (await closed) as [number];
  frames.push(['closed', code]);
  return frames;
}

const HELLO = {
  version: 1,
  incarnation: 'i',
  held: [],
  agents: [{ id: 'a', capabilities: ['x'] }],
};
const SUBMIT = ['submit', 1, [{ type: 'x' }], null, ['{}'], null, true] as const;

describe('a message that is no message', () => {
  test.each<[string, Uint8Array | string]>([
    ['text', 'hello'],
    ['no bytes', new Uint8Array(0)],
    ['garbage', Uint8Array.from([0xc1, 2, 3])],
    ['a hundred thousand levels', Uint8Array.from({ length: 100_000 }, () => 0x91)],
    ['frames without names', packMessage([[1] as never])],
  ])('(%s) is told as a problem, and ends the connection', async (_, message) => {
    for (const path of ['/agents/connect', '/clients/connect'] as const) {
      expect(await said(path, message)).toMatchObject([
        ['problem', { code: 'INVALID_MESSAGE' }],
        ['closed', 1008],
      ]);
    }
  });

  test('of more than the bound is refused before it is read', async () => {
    const frames = await said('/clients/connect', new Uint8Array(33 * 1024 * 1024));
    expect(frames).toEqual([['closed', 1009]]);
  });
});

describe('a frame of an agent', () => {
  const hello = (change: object): RawFrame => ['hello', { ...HELLO, ...change }];
  test.each<[string, RawFrame, string]>([
    ['before its hello', ['beat'], 'INVALID_REQUEST'],
    ['without a hello', ['hello'], 'CHANNEL_VERSION'],
    ['of another version', hello({ version: 2 }), 'CHANNEL_VERSION'],
    ['without an incarnation', hello({ incarnation: 7 }), 'INVALID_REQUEST'],
    ['without agents', hello({ agents: [] }), 'INVALID_REQUEST'],
    ['with odd agents', hello({ agents: [{ id: 'a' }] }), 'INVALID_REQUEST'],
    ['with odd leases', hello({ held: [['t']] }), 'INVALID_REQUEST'],
    ['of an unknown name that fills a close frame', ['€'.repeat(200)], 'INVALID_REQUEST'],
  ])('%s is refused', async (_, frame, code) => {
    const frames = await said('/agents/connect', packMessage([frame]));
    expect(frames).toMatchObject([
      ['problem', { code }],
      ['closed', 1008],
    ]);
  });

  const task = '00000000-0000-7000-8000-000000000000';
  test.each<[string, RawFrame]>([
    ['a second hello', ['hello', HELLO]],
    ['an unknown frame', ['€'.repeat(200)]],
    ['a report without columns', ['report', 1]],
    ['a report of uneven columns', ['report', 1, [task], [], ['1'], []]],
    ['a report without a result', ['report', 1, [task], [1], [], []]],
    ['a report of a negative token', ['report', 1, [task], [-1], ['1'], []]],
    ['a report whose failure is odd', ['report', 1, [], [], [], [[task, 1, 'C', 'm', 'yes', 0]]]],
    ['a report of a BigInt', ['report', 2n ** 60n, [], [], [], []]],
    ['a release of odd tokens', ['release', [task], ['1'], 'why']],
    ['a progress above one', ['progress', task, 1, 2, null]],
    ['a progress of a number for a note', ['progress', task, 1, 0.5, 7]],
    ['details that are not JSON', ['details', task, 1, '{']],
    ['details that are too long', ['details', task, 1, `"${'x'.repeat(65_536)}"`]],
    ['a question of a number for a key', ['ask', task, 1, 7, '{"message":"?"}']],
    ['a question with a line feed for a key', ['ask', task, 1, '\n', '{"message":"?"}']],
    ['a question that is not JSON', ['ask', task, 1, 'k', '{']],
    ['an extend without end', ['extend', task, 1, Number.MAX_SAFE_INTEGER]],
    ['too many items', ['release', Array.from({ length: 20_001 }, () => ''), [], '']],
  ])('(%s) is refused', async (_, frame) => {
    const frames = await said('/agents/connect', packMessage([['hello', HELLO], frame]));
    expect(frames.find(([name]) => name === 'problem')).toMatchObject([
      'problem',
      { code: 'INVALID_REQUEST' },
    ]);
    expect(frames.at(-1)).toEqual(['closed', 1008]);
  });

  test('of a stale or unknown attempt is refused by itself, and the connection stays', async () => {
    const socket = await socketAt('/agents/connect');
    const frames: RawFrame[] = [];
    socket.on('message', (data: Buffer) => frames.push(...unpackMessage(data)));
    const failures = [['no id', 1, 'C', 'm', true, 0]];
    socket.send(
      packMessage([
        ['hello', HELLO],
        ['report', 9, [task], [1], ['not JSON'], failures],
      ]),
    );
    while (!frames.some(([name]) => name === 'reported')) await turn();
    const reported = frames.find(([name]) => name === 'reported');
    expect(reported?.[1]).toBe(9);
    expect(reported?.[2]).toHaveLength(2);
    socket.send(
      packMessage([
        ['extend', task, 1, 1_000],
        ['details', task, 1, '7'],
        ['ask', task, 1, 'k', '{"message":"?"}'],
        ['ask', task, 1, 'k', '{"message":7}'],
      ]),
    );
    while (frames.filter(([name]) => name === 'ask_refused').length < 2) await turn();
    const refused = frames.filter(([name]) => name === 'ask_refused');
    expect(refused.map((frame) => (frame[4] as { code: string }).code).toSorted()).toEqual([
      'INPUT_PROMPT_INVALID',
      'TASK_NOT_FOUND',
    ]);
    socket.send(packMessage([['leave']]));
    while (!frames.some(([name]) => name === 'left')) await turn();
    expect(frames.find(([name]) => name === 'revoked')?.slice(0, 3)).toEqual([
      'revoked',
      [task],
      [1],
    ]);
    socket.close();
  });
});

describe('a chunk of output', () => {
  const HELD = '0198c0de-7a11-7000-8000-000000000000';
  test.each([
    ['too deep', '['.repeat(80) + ']'.repeat(80)],
    ['too long', `"${'x'.repeat(1_048_576)}"`],
    ['no JSON', '{'],
    ['no text', 7],
  ])('that is %s is refused by itself, and the connection stays', async (_, chunk) => {
    const socket = await socketAt('/agents/connect');
    const frames: RawFrame[] = [];
    socket.on('message', (data: Buffer) => frames.push(...unpackMessage(data)));
    socket.send(packMessage([['hello', HELLO]]));
    while (!frames.some(([name]) => name === 'welcome')) await turn();
    socket.send(packMessage([['emit', HELD, 1, chunk], ['leave']]));
    while (!frames.some(([name]) => name === 'left')) await turn();
    const refused = frames.filter(([name]) => name === 'emit_refused');
    expect(refused).toMatchObject([['emit_refused', HELD, 1, { code: 'CHUNK_INVALID' }]]);
    expect(frames.filter(([name]) => name === 'problem')).toEqual([]);
    socket.close();
  });
});

describe('a submit', () => {
  const withField = (at: number, value: unknown): RawFrame =>
    SUBMIT.map((field, i) => (i === at ? value : field)) as unknown as RawFrame;
  test.each<[string, RawFrame]>([
    ['without specs', withField(2, [])],
    ['of an odd spec', withField(2, [{ type: 'x', colour: 1 }])],
    ['without payloads', withField(4, [])],
    ['that names no spec', withField(3, [1])],
    ['of uneven columns', withField(3, [0, 0])],
    ['of text that is not JSON', withField(4, ['{'])],
    ['of JSON that is too deep', withField(4, ['['.repeat(70) + ']'.repeat(70)])],
    ['of JSON with __proto__ for a key', withField(4, ['{"__proto__":1}'])],
    ['that is too large', withField(4, [JSON.stringify('é'.repeat(PAYLOAD_BYTES_MAX / 2))])],
    ['of odd extras', withField(5, [{ runAt: 'soon' }])],
    ['of uneven extras', withField(5, [])],
    ['of metadata that JSON cannot carry', withField(5, [{ metadata: { at: new Date(0) } }])],
    ['of metadata with a huge number', withField(5, [{ metadata: { n: 2n ** 63n } }])],
  ])('%s is refused by itself, and the connection stays', async (_, frame) => {
    const socket = await socketAt('/clients/connect');
    const frames: RawFrame[] = [];
    socket.on('message', (data: Buffer) => frames.push(...unpackMessage(data)));
    socket.send(packMessage([frame]));
    while (frames.length === 0) await turn();
    expect(frames).toMatchObject([['refused', 1, { code: 'INVALID_REQUEST' }]]);
    expect(socket.readyState).toBe(socket.OPEN);
    socket.close();
  });

  test('that follows a broken message is not taken', async () => {
    const socket = await socketAt('/clients/connect');
    const before = world.runtime.status().tasks.queued;
    const closed = once(socket, 'close');
    socket.send(packMessage([['nonsense'], [...SUBMIT]]));
    socket.send(packMessage([[...SUBMIT]]));
    await closed;
    expect(world.runtime.status().tasks.queued).toBe(before);
  });
});

describe('any message', () => {
  const word = fc.constantFrom(
    'hello',
    'report',
    'release',
    'extend',
    'progress',
    'emit',
    'ask',
    'details',
  );
  const name = fc.oneof(
    word,
    fc.constantFrom('beat', 'enroll', 'drain', 'leave', 'submit', 'watch', 'cancel'),
    fc.string(),
  );
  const field = fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.array(fc.string(), { maxLength: 3 }),
    fc.array(fc.integer(), { maxLength: 3 }),
    fc.constantFrom(HELLO, 1n, new Date(0), new Map([[1, 2]]), new Uint8Array(3), /x/, Number.NaN),
  );
  const frame = fc
    .tuple(name, fc.array(field, { maxLength: 7 }))
    .map(([first, rest]): RawFrame => [first, ...rest]);
  const message = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.array(frame, { maxLength: 4 }).map((frames) => packMessage(frames)),
    fc
      .tuple(fc.constantFrom<RawFrame>(['hello', HELLO]), frame)
      .map((frames) => packMessage(frames)),
  );

  test(`of two thousand at random (SEED=${SEED}) leaves the server well, and nothing is stored`, async () => {
    const before = world.runtime.status().tasks;
    const messages = fc.sample(message, { numRuns: 2_000, seed: SEED });
    for (let from = 0; from < messages.length; from += 100) {
      const slice = messages.slice(from, from + 100);
      const closed = slice.map(async (bytes, i) => {
        const socket = await socketAt(i % 2 === 0 ? '/agents/connect' : '/clients/connect');
        socket.send(bytes);
        // The answer to the goodbye comes after everything that was sent before it was dealt with.
        socket.close();
        await once(socket, 'close');
      });
      await Promise.all(closed);
    }
    expect(world.runtime.status().tasks).toEqual(before);
    expect(unheard).toEqual([]);
    const client = new Client({ url: world.url });
    const handle = await client.submit({ type: 'x' });
    await handle.cancel();
    await client.close();
  }, 30_000);
});

describe('an upgrade', () => {
  test.each([
    ['of another path', '/nowhere/connect', '', '404'],
    ['of a page of another origin', '/clients/connect', 'origin: http://evil.example\r\n', '403'],
    ['of a page without an address', '/clients/connect', 'origin: null\r\n', '403'],
  ])('%s is refused', async (_, path, header, status) => {
    const socket = connect(world.port, '127.0.0.1');
    const upgrade = 'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n';
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${upgrade}sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${header}\r\n`,
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toContain(`HTTP/1.1 ${status} `);
    socket.destroy();
  });
});

describe('a client that does not read', () => {
  test('is not read either once enough waits for it', async () => {
    const socket = await socketAt('/clients/connect');
    socket.pause();
    const ids = Array.from({ length: 10_000 }, (_, i) => `unknown ${i} ${'x'.repeat(100)}`);
    const watch = packMessage([['watch', ids]]);
    let sent = 0;
    // Each answer repeats the ids: far more than the server lets wait.
    while (sent < 200 && socket.bufferedAmount < 16 * watch.byteLength) {
      socket.send(watch);
      sent += 1;
      await turn();
    }
    expect(socket.bufferedAmount).toBeGreaterThan(0);
    expect(sent).toBeLessThan(200);
    socket.terminate();
  });
});
