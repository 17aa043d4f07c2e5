import type { FastifyInstance, FastifyReply } from 'fastify';
import Type from 'typebox';
import { answers } from './answers.ts';
import type { ApiContext } from './api-context.ts';

/** A reader that takes nothing for so long is cut off, and what it would have read is removed. */
const STALL_MS = 60_000;

/** A copy of everything, to be kept elsewhere. */
export function backupRoutes(app: FastifyInstance, ctx: ApiContext): void {
  app.get(
    '/api/v1/backup',
    {
      exposeHeadRoute: false,
      config: { isStream: true },
      schema: {
        operationId: 'takeBackup',
        tags: ['Status'],
        summary:
          'A backup of everything acknowledged so far, as a tar file; `uqo restore` takes it',
        response: answers(
          {
            200: {
              description: 'The backup: whole once its last byte came',
              content: { 'application/x-tar': { schema: Type.String({ format: 'binary' }) } },
            },
          },
          [
            'BACKUP_RUNNING',
            'BACKUP_UNSUPPORTED',
            'STORE_COPY_FAILED',
            'LOG_FAILED',
            'STREAM_LIMIT',
          ],
        ),
      },
    },
    (_request, reply) => send(ctx, reply),
  );
}

async function send(ctx: ApiContext, reply: FastifyReply): Promise<FastifyReply> {
  const left = ctx.open.add('download', () => undefined);
  try {
    const { manifest, stream } = await ctx.runtime.backups.open();
    stream.once('close', left);
    const moment = new Date(manifest.createdAt).toISOString().replaceAll(/[:.]/g, '-');
    reply.headers({
      'content-type': 'application/x-tar',
      'content-disposition': `attachment; filename="uqo-${moment}.tar"`,
      'cache-control': 'no-store',
    });
    reply.raw.setTimeout(STALL_MS, () => reply.raw.destroy());
    return await reply.send(stream);
  } catch (error) {
    left();
    throw error;
  }
}
