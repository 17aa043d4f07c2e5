import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { nameSchemas } from './name-schemas.ts';
import { STALE_PARAMETER } from './stale-reads.ts';

const TAGS = [
  { name: 'Tasks', description: 'Submit work, wait for it, take it back' },
  { name: 'Artifacts', description: 'Outputs that are too large for a result' },
  { name: 'Dead letters', description: 'Tasks that failed for good' },
  { name: 'Queues', description: 'Where tasks wait' },
  { name: 'Limits', description: 'What holds tasks back, and how work is shared' },
  { name: 'Breakers', description: 'What keeps work from agents and services that fail' },
  { name: 'Agents', description: 'Who does the work' },
  { name: 'Leases', description: 'What an agent says about a task it works on' },
  { name: 'Events', description: 'What happens, as it happens' },
  { name: 'Status', description: 'The orchestrator itself' },
  { name: 'Health', description: 'Probes and metrics' },
];

/** Describes every route added after it, and serves that at `/openapi.json`. */
export async function documentRoutes(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Unified Quantum Orchestrator',
        version,
        license: { name: 'MIT', identifier: 'MIT' },
        description:
          'A durable orchestrator for fleets of agents. Whatever is answered well is on disk. Errors are problems (RFC 9457) with a stable `code`.',
      },
      tags: TAGS,
    },
  });
  let text: string | null = null;
  app.get(
    '/openapi.json',
    {
      schema: {
        operationId: 'getOpenApi',
        tags: ['Status'],
        summary: 'This document',
        response: {
          200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: {} } } },
        },
      },
    },
    (_request, reply) => {
      // Routes are fixed once the server listens: written once.
      text ??= JSON.stringify(nameSchemas(describeReads(describeBodies(app.swagger()))));
      return reply.header('content-type', 'application/json; charset=utf-8').send(text);
    },
  );
}

interface Operation {
  readonly requestBody?: {
    required?: boolean;
    readonly content: Readonly<Record<string, { readonly schema?: object }>>;
  };
}

/** Says of every read that it may be stale. Changes `document`. */
function describeReads(document: object): object {
  const { paths } = document as { readonly paths: Record<string, { readonly get?: Read }> };
  for (const [path, { get }] of Object.entries(paths)) {
    if (get === undefined || !path.startsWith('/api/v1/')) continue;
    get.parameters = [...(get.parameters ?? []), STALE_PARAMETER];
  }
  return document;
}

interface Read {
  parameters?: readonly object[];
}

/** Marks the bodies that may be absent: those in which nothing must be. Changes `document`. */
function describeBodies(document: object): object {
  const { paths } = document as { readonly paths: Record<string, Record<string, Operation>> };
  for (const operation of Object.values(paths).flatMap((path) => Object.values(path))) {
    const body = operation.requestBody;
    const schema = body?.content['application/json']?.schema;
    if (body === undefined || schema === undefined) continue;
    body.required = 'required' in schema || 'minProperties' in schema || 'anyOf' in schema;
  }
  return document;
}
