import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type TSchema } from 'typebox';
import { EventView, InvalidRequestError, TaskView } from '../contract/index.ts';
import type { FeedEvent, FeedListener } from '../runtime/index.ts';
import { answers, nothing, TaskParams, type Answer } from './answers.ts';
import type { ApiContext, TaskId } from './api-context.ts';
import { EventStream, type StreamEvent } from './event-stream.ts';
import { requireTask } from './routes-tasks.ts';

const TAGS = ['Events'];

const LastEventId = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({ description: 'The id of the last event seen: the stream goes on after it' }),
  ),
});

/** OpenAPI has no word for streams of events: the schema is that of each event's `data`. */
function streamOf(data: TSchema): Answer {
  return {
    description: 'Server-sent events; the schema is that of each `data`',
    content: { 'text/event-stream': { schema: data } },
  };
}

/** Stands for the last event of an entry, however many it has. */
const POSITION_LAST = 0xffff_ffff;

interface Place {
  readonly index: number;
  readonly position: number;
}

export function eventRoutes(app: FastifyInstance, ctx: ApiContext): void {
  app.get<{ Params: { id: TaskId } }>(
    '/api/v1/tasks/:id/events',
    {
      exposeHeadRoute: false,
      config: { isStream: true },
      schema: {
        operationId: 'streamTaskEvents',
        tags: TAGS,
        summary: 'Follow a task until it has finished',
        description:
          'Begins with a `snapshot` of the task, unless `Last-Event-ID` names an event that is still remembered; ends after the event with which the task finished.',
        params: TaskParams,
        headers: LastEventId,
        response: answers(
          {
            200: streamOf(Type.Union([EventView, TaskView])),
            204: nothing('The reader has seen the end of the task: nothing will follow'),
          },
          ['TASK_NOT_FOUND', 'STREAM_LIMIT'],
        ),
      },
    },
    (request, reply) => followTask(ctx, request, reply),
  );
  app.get(
    '/api/v1/events',
    {
      exposeHeadRoute: false,
      config: { isStream: true },
      schema: {
        operationId: 'streamEvents',
        tags: TAGS,
        summary: 'Follow everything',
        description:
          'With `Last-Event-ID` the stream goes on after that event; where it is no longer remembered, the first event is `resync`: read the state anew.',
        headers: LastEventId,
        response: answers({ 200: streamOf(EventView) }, ['STREAM_LIMIT']),
      },
    },
    (request, reply) => followAll(ctx, request, reply),
  );
}

async function followTask(
  ctx: ApiContext,
  request: FastifyRequest<{ Params: { id: TaskId } }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { runtime } = ctx;
  const after = readPlace(request.headers['last-event-id']);
  const { id } = request.params;
  const task = requireTask(runtime.tasks.get(id), request.params);
  const missed: StreamEvent[] = [];
  let stream: EventStream | null = null;
  const listener: FeedListener = {
    taskId: id,
    event: (event) => {
      const sent =
        stream === null ? missed.push(streamEvent(event)) > 0 : stream.send(streamEvent(event));
      if (sent && stream !== null && isLast(event.type)) stream.end();
      return sent;
    },
    closed: () => stream?.end(),
  };
  const isComplete = runtime.feed.listen(listener, after) && after !== null;
  const begin = isComplete ? missed : [snapshot(ctx, task)];
  if (begin.length === 0 && isFinished(task)) {
    runtime.feed.remove(listener);
    return reply.code(204).send();
  }
  try {
    stream = new EventStream(reply, ctx, () => runtime.feed.remove(listener));
  } catch (error) {
    runtime.feed.remove(listener);
    throw error;
  }
  for (const event of begin) stream.send(event);
  // A dead letter that was retried goes on: what matters is the state now, not an event on the way.
  if (isFinished(task)) stream.end();
  return reply;
}

async function followAll(
  ctx: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { feed } = ctx.runtime;
  const after = readPlace(request.headers['last-event-id']);
  const missed: StreamEvent[] = [];
  let stream: EventStream | null = null;
  const listener: FeedListener = {
    taskId: null,
    event: (event) =>
      stream === null ? missed.push(streamEvent(event)) > 0 : stream.send(streamEvent(event)),
    closed: () => stream?.end(),
  };
  stream = new EventStream(reply, ctx, () => feed.remove(listener));
  const opened = stream;
  stream = null;
  const isComplete = feed.listen(listener, after);
  stream = opened;
  const begin = isComplete ? missed : [{ id: placeNow(ctx), event: 'resync', data: {} }];
  for (const event of begin) if (!stream.send(event)) break;
  return reply;
}

function snapshot(ctx: ApiContext, task: TaskView): StreamEvent {
  return { id: placeNow(ctx), event: 'snapshot', data: task };
}

function placeNow({ runtime }: ApiContext): string {
  return `${runtime.observed.state.index}-${POSITION_LAST}`;
}

function streamEvent(event: FeedEvent): StreamEvent {
  const { at, index, position, ...rest } = event;
  const data: EventView = { at: new Date(at).toISOString(), ...rest };
  // What is not in the log, such as progress, cannot be asked for again.
  return { ...(position < 0 ? {} : { id: `${index}-${position}` }), event: event.type, data };
}

function readPlace(id: string | string[] | undefined): Place | null {
  if (id === undefined || id === '') return null;
  const parts = typeof id === 'string' ? /^(\d{1,15})-(\d{1,10})$/.exec(id) : null;
  if (parts === null) {
    throw new InvalidRequestError('/headers/last-event-id', 'must be the id of an event');
  }
  return { index: Number(parts[1]), position: Number(parts[2]) };
}

function isLast(type: string): boolean {
  return type === 'task.completed' || type === 'task.failed' || type === 'task.canceled';
}

function isFinished({ state }: TaskView): boolean {
  return state === 'completed' || state === 'failed' || state === 'canceled';
}
