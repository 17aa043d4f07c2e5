/** The whole HTTP API on a folder and a port until it is killed. Says `open` when it listens. */
import { writeSync } from 'node:fs';
import { createApiServer } from '../../src/api/index.ts';
import { openRuntime } from '../../src/runtime/index.ts';
import { createLogger, Metrics } from '../../src/telemetry/index.ts';

const [dataDir = '', port = '0'] = process.argv.slice(2);

const metrics = new Metrics({ version: 'test' });
const runtime = await openRuntime({ dataDir, version: 'test', metrics, checkpointBytes: 16_384 });
const logger = createLogger({ level: 'error', destination: { write: () => undefined } });
const server = await createApiServer({
  runtime,
  metrics,
  logger,
  version: 'test',
  port: Number(port),
});
await server.listen();
writeSync(1, 'open\n');
