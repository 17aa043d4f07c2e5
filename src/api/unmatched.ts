import type { FastifyInstance, HTTPMethods } from 'fastify';
import { OrchestratorError } from '../base/errors.ts';

const METHODS: readonly HTTPMethods[] = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
];

const HIDDEN = { hide: true };

/** Methods by route, as they are added. Made before the first route. */
export function collectRoutes(app: FastifyInstance): Map<string, Set<string>> {
  const routes = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ method, url }) => {
    const methods = routes.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    routes.set(url, methods);
  });
  return routes;
}

/** Answers 404 for paths and 405 for methods that no route takes. Called after the last route. */
export function refuseUnmatched(
  app: FastifyInstance,
  routes: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  app.setNotFoundHandler((request) => {
    if (!METHODS.includes(request.method)) {
      throw new OrchestratorError(
        'METHOD_UNKNOWN',
        `the method must be one of ${METHODS.join(', ')}, got ${request.method}`,
      );
    }
    throw new OrchestratorError(
      'ROUTE_NOT_FOUND',
      `a path must be one of those in /openapi.json, got ${request.method} ${request.url.slice(0, 200)}`,
    );
  });
  for (const [url, methods] of routes) {
    const allowed = [...methods].sort().join(', ');
    app.route({
      url,
      method: METHODS.filter((method) => !methods.has(method)),
      exposeHeadRoute: false,
      schema: HIDDEN,
      // Before the body is read: what it holds does not matter.
      onRequest: (request, reply) => {
        reply.header('allow', allowed);
        throw new OrchestratorError(
          'METHOD_NOT_ALLOWED',
          `the method must be one of ${allowed}, got ${request.method}`,
        );
      },
      handler: (_request, reply) => reply,
    });
  }
}
