import { describe, expect, test } from 'vitest';
import type { ClientEvent } from './http-api.ts';
import { readEvents } from './sse.ts';

async function eventsOf(text: string, chunkBytes: number): Promise<ClientEvent[]> {
  const bytes = new TextEncoder().encode(text);
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (let at = 0; at < bytes.length; at += chunkBytes)
        controller.enqueue(bytes.slice(at, at + chunkBytes));
      controller.close();
    },
  });
  const events: ClientEvent[] = [];
  for await (const event of readEvents(body)) events.push(event);
  return events;
}

describe('a stream of events', () => {
  const text =
    ': hello\n\nid: 1-0\nevent: task.submitted\ndata: {"a":"é"}\n\n:\n\nevent:x\ndata:{"b":\ndata:2}\nretry: 5\n\ndata: {}\n\ndata: {"cut":1}';
  const expected = [
    { id: '1-0', type: 'task.submitted', data: { a: 'é' } },
    { id: '', type: 'x', data: { b: 2 } },
    { id: '', type: 'message', data: {} },
  ];

  test.each([1, 2, 7, 1_000])(
    'is read in pieces of %d bytes, without its unfinished end',
    async (size) => {
      expect(await eventsOf(text, size)).toEqual(expected);
    },
  );

  test.each(['\r\n', '\r'])('may end its lines with %j', async (end) => {
    for (const size of [1, 3, 1_000])
      expect(await eventsOf(text.replaceAll('\n', end), size)).toEqual(expected);
  });

  test('may have no body', async () => {
    const events: ClientEvent[] = [];
    for await (const event of readEvents(null)) events.push(event);
    expect(events).toEqual([]);
  });
});
