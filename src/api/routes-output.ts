/** What tasks hand out while they run: as pages, or as a stream that goes on where its reader was. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { OutputItem, OutputList } from '../contract/index.ts';
import { answers, Cursor, TaskParams } from './answers.ts';
import type { ApiContext, TaskId } from './api-context.ts';
import { whenClientLeaves } from './client-leaves.ts';
import { EventStream } from './event-stream.ts';
import { requireTask } from './routes-tasks.ts';

const OutputQuery = Type.Object(
  {
    cursor: Type.Optional(Cursor),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
    waitMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 60_000,
        default: 0,
        description: 'How long to wait for a chunk, or the end, where there is none yet',
      }),
    ),
  },
  { additionalProperties: false },
);

/** Chunks written to a stream in one go. */
const STREAMED_AT_ONCE = 100;

type OutputRequest = FastifyRequest<{
  Params: { id: TaskId };
  Querystring: Static<typeof OutputQuery>;
}>;

export function outputRoutes(app: FastifyInstance, ctx: ApiContext): void {
  app.get<{ Params: { id: TaskId }; Querystring: Static<typeof OutputQuery> }>(
    '/api/v1/tasks/:id/output',
    {
      exposeHeadRoute: false,
      config: { isStream: true },
      schema: {
        operationId: 'getTaskOutput',
        tags: ['Tasks'],
        summary: 'What a task handed out while it ran',
        description:
          'Asked for `text/event-stream` it is a stream of `output` events, whose ids are cursors, and a last `done`; it begins after `Last-Event-ID`, or `cursor`.',
        params: TaskParams,
        querystring: OutputQuery,
        headers: Type.Object({ 'last-event-id': Type.Optional(Type.String()) }),
        response: answers(
          {
            200: {
              description: 'A page, or the stream; then the schema is that of each `data`',
              content: {
                'application/json': { schema: OutputList },
                'text/event-stream': { schema: OutputItem },
              },
            },
          },
          [
            'TASK_NOT_FOUND',
            'CURSOR_INVALID',
            'CURSOR_OTHER_TASK',
            'OUTPUT_EXPIRED',
            'STREAM_LIMIT',
          ],
        ),
      },
    },
    (request, reply) => {
      const isStream = request.headers.accept?.includes('text/event-stream') === true;
      return isStream ? stream(ctx, request, reply) : page(ctx, request, reply);
    },
  );
}

async function page(
  { clock, open, runtime }: ApiContext,
  { params, query }: OutputRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { cursor = null, limit = 100, waitMs = 0 } = query;
  const read = (): OutputList => requireTask(runtime.output.page(params.id, cursor, limit), params);
  let found = read();
  if (waitMs > 0 && found.items.length === 0 && !found.done) {
    const news = Promise.withResolvers<void>();
    const forget = runtime.output.follow(params.id, news.resolve);
    const left = open.add('poll', news.resolve);
    const cancelTimer = clock.setTimer(waitMs, news.resolve);
    const gone = whenClientLeaves(reply.raw, news.resolve);
    try {
      await news.promise;
      found = read();
    } finally {
      forget();
      left();
      cancelTimer();
      gone();
    }
  }
  return reply.send(found);
}

/** Writes what there is, and goes on whenever there is more, for as long as the reader keeps up. */
async function stream(
  ctx: ApiContext,
  { headers, params, query }: OutputRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { output } = ctx.runtime;
  const { id } = params;
  const last = headers['last-event-id'];
  let cursor = (typeof last === 'string' && last !== '' ? last : query.cursor) ?? null;
  // A wrong cursor is refused while there can still be a status.
  requireTask(output.page(id, cursor, 1), params);
  let forget = (): void => undefined;
  const events = new EventStream(reply, ctx, () => forget());
  const write = (): void => {
    for (;;) {
      const found = output.page(id, cursor, STREAMED_AT_ONCE);
      if (found === null) return events.end();
      for (const item of found.items) {
        if (!events.send({ id: item.cursor, event: 'output', data: item })) return;
        cursor = item.cursor;
      }
      if (found.done) {
        events.send({ event: 'done', data: { state: found.state } });
        return events.end();
      }
      if (found.items.length === 0) return;
    }
  };
  const writeOrEnd = (): void => {
    try {
      write();
    } catch {
      // Its time is over: the reader hears why when it comes back.
      events.end();
    }
  };
  forget = output.follow(id, writeOrEnd);
  writeOrEnd();
  return reply;
}
