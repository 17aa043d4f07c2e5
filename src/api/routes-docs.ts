/** The documentation for people, with everything it needs from this server. */
import { createHash } from 'node:crypto';
import { fastify, type FastifyInstance } from 'fastify';

const PREFIX = '/docs/api';
const SCRIPT = `${PREFIX}/js/scalar.js`;

interface Docs {
  readonly page: string;
  readonly script: string;
  /** Lets the page load nothing from anywhere else, whatever its script would like to. */
  readonly policy: string;
}

export function docsRoutes(app: FastifyInstance): void {
  // Five megabytes of script: loaded when someone first looks.
  let loading: Promise<Docs> | null = null;
  const load = (): Promise<Docs> => (loading ??= loadDocs());
  const hidden = { schema: { hide: true } };
  app.get(PREFIX, hidden, (_request, reply) => reply.redirect(`${PREFIX}/`, 301));
  app.get(`${PREFIX}/`, hidden, async (_request, reply) => {
    const { page, policy } = await load();
    reply.header('content-security-policy', policy);
    return reply.header('content-type', 'text/html; charset=utf-8').send(page);
  });
  app.get(SCRIPT, hidden, async (_request, reply) => {
    const { script } = await load();
    reply.header('cache-control', 'max-age=3600');
    return reply.header('content-type', 'text/javascript; charset=utf-8').send(script);
  });
}

async function loadDocs(): Promise<Docs> {
  const { default: reference } = await import('@scalar/fastify-api-reference');
  const app = fastify();
  await app.register(reference, {
    routePrefix: PREFIX,
    configuration: {
      url: '/openapi.json',
      withDefaultFonts: false,
      pageTitle: 'Unified Quantum Orchestrator API',
      hideClientButton: true,
      telemetry: false,
      agent: { disabled: true },
      mcp: { disabled: true },
      showDeveloperTools: 'never',
    },
  });
  const [page, script] = await Promise.all([app.inject(`${PREFIX}/`), app.inject(SCRIPT)]);
  await app.close();
  return { page: page.body, script: script.body, policy: policyFor(page.body) };
}

function policyFor(page: string): string {
  const inline = [...page.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)];
  const hashes = inline.map(([, text = '']) => {
    return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  });
  return [
    "default-src 'none'",
    `script-src 'self' ${hashes.join(' ')}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
