import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { OrchestratorError } from '../base/errors.ts';
import { ArtifactIdText, ArtifactList } from '../contract/index.ts';
import type { OpenArtifact } from '../runtime/index.ts';
import { answers, json, nothing, TaskParams, type Answer } from './answers.ts';
import type { ArtifactsElsewhere } from './cluster/artifacts-elsewhere.ts';
import type { ApiContext, TaskId } from './api-context.ts';
import { namesEtag, readRange, type ByteRange } from './byte-range.ts';
import { requireTask } from './routes-tasks.ts';

const TAGS = ['Artifacts'];
const ArtifactParams = Type.Object({ id: ArtifactIdText });
type ArtifactRequest = FastifyRequest<{ Params: { id: string } }>;

/** A reader that takes nothing for so long is cut off: it can go on with a range. */
const STALL_MS = 60_000;

const RangeHeaders = Type.Object({
  range: Type.Optional(Type.String({ description: 'One range of bytes, such as `bytes=0-1023`' })),
  'if-range': Type.Optional(Type.String({ description: 'An ETag: the range holds only for it' })),
  'if-none-match': Type.Optional(Type.String({ description: 'ETags that are known already' })),
});

function bytesOf(description: string): Answer {
  const schema = Type.String({ format: 'binary' });
  return { description, content: { 'application/octet-stream': { schema } } };
}

/** Outputs of tasks that are too large for a result. */
export function artifactRoutes(
  app: FastifyInstance,
  ctx: ApiContext,
  elsewhere?: ArtifactsElsewhere,
): void {
  const { runtime } = ctx;
  app.get<{ Params: { id: TaskId } }>(
    '/api/v1/tasks/:id/artifacts',
    {
      schema: {
        operationId: 'listTaskArtifacts',
        tags: TAGS,
        summary: 'Large outputs of a task, of all its attempts, oldest first',
        params: TaskParams,
        response: answers({ 200: json('The artifacts', ArtifactList) }, ['TASK_NOT_FOUND']),
      },
    },
    async (request) => {
      const { id } = request.params;
      const own = requireTask(runtime.artifacts.list(id), request.params);
      return elsewhere === undefined ? own : elsewhere.withOthers(request, own, id);
    },
  );
  app.get<{ Params: { id: string } }>(
    '/api/v1/artifacts/:id',
    {
      exposeHeadRoute: false,
      config: { isStream: true },
      schema: {
        operationId: 'getArtifact',
        tags: TAGS,
        summary: 'The bytes of an artifact, or a range of them',
        params: ArtifactParams,
        headers: RangeHeaders,
        response: answers(
          {
            200: bytesOf('All of it'),
            206: bytesOf('The range that was asked for'),
            304: nothing('It is what the ETag names'),
          },
          ['ARTIFACT_NOT_FOUND', 'ARTIFACT_RANGE', 'ARTIFACT_UNREADABLE', 'STREAM_LIMIT'],
        ),
      },
    },
    (request, reply) => sendArtifact(ctx, request, reply),
  );
  // The framework's own HEAD would read the file to its end, or say that it is empty.
  app.head<{ Params: { id: string } }>(
    '/api/v1/artifacts/:id',
    { schema: { hide: true, params: ArtifactParams } },
    (request, reply) => sendArtifact(ctx, request, reply),
  );
}

async function sendArtifact(
  ctx: ApiContext,
  request: ArtifactRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  // Bounds the descriptors that slow readers hold.
  const left = ctx.open.add('download', () => undefined);
  let artifact: OpenArtifact | null = null;
  let part: ByteRange | null;
  try {
    artifact = await ctx.runtime.artifacts.open(request.params.id);
    part = answerHead(artifact, request, reply);
  } catch (error) {
    left();
    await artifact?.content.close();
    throw error;
  }
  if (part === null) {
    left();
    await artifact.content.close();
    return reply.send();
  }
  const { content } = artifact;
  const stream = Readable.from(content.read(part.first, part.last), { objectMode: false });
  stream.once('close', () => {
    left();
    void content.close();
  });
  reply.raw.setTimeout(STALL_MS, () => reply.raw.destroy());
  return reply.send(stream);
}

/** Sets status and headers; returns the bytes that follow, null for none. */
function answerHead(
  { view }: OpenArtifact,
  request: ArtifactRequest,
  reply: FastifyReply,
): ByteRange | null {
  const { bytes, contentType, name, sha256 } = view;
  const etag = `"${sha256}"`;
  reply.headers({ etag, 'accept-ranges': 'bytes', 'cache-control': 'private, no-cache' });
  if (namesEtag(request.headers['if-none-match'], etag)) {
    reply.code(304);
    return null;
  }
  const range = rangeOf(request, reply, { bytes, etag });
  const part = range ?? { first: 0, last: bytes - 1 };
  const { first, last } = part;
  reply.code(range === null ? 200 : 206).headers({
    'content-type': contentType,
    'content-length': last + 1 - first,
    'content-disposition': `attachment; filename="${name}"`,
    ...(range === null ? {} : { 'content-range': `bytes ${first}-${last}/${bytes}` }),
  });
  return request.method === 'HEAD' || bytes === 0 ? null : part;
}

/** @throws OrchestratorError `ARTIFACT_RANGE` */
function rangeOf(
  { headers }: ArtifactRequest,
  reply: FastifyReply,
  { bytes, etag }: { readonly bytes: number; readonly etag: string },
): ByteRange | null {
  // A range of another version, or of one named by a date, would not fit what the reader has.
  const condition = headers['if-range'];
  if (condition !== undefined && condition !== etag) return null;
  const range = readRange(headers.range, bytes);
  if (range !== 'none') return range;
  reply.header('content-range', `bytes */${bytes}`);
  throw new OrchestratorError(
    'ARTIFACT_RANGE',
    `a range must begin within the ${bytes} bytes of the artifact, got ${headers.range}`,
    { path: '/headers/range' },
  );
}
