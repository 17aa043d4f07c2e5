/**
 * A server on a folder and a port until it is killed. Says `open` on standard output when it listens.
 */
import { createServer } from 'node:http';
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { isOrchestratorError, messageOf } from '../../src/base/errors.ts';
import { attachChannels } from '../../src/api/channel/attach-channels.ts';
import { Upgrades } from '../../src/api/upgrades.ts';
import { openRuntime } from '../../src/runtime/index.ts';

const [dataDir = '', port = '0', checkpointBytes = '65536'] = process.argv.slice(2);

const runtime = await openRuntime({
  dataDir,
  version: '0',
  checkpointBytes: Number(checkpointBytes),
});
const server = createServer();
const upgrades = new Upgrades(server, { loopbackOnly: true, allowedHosts: new Set() });
attachChannels({
  onUpgrade: (path, handler) => upgrades.add(path, handler),
  runtime,
  payloadBytesMax: 1_000_000,
  problemOf: (error) => {
    const code = isOrchestratorError(error) ? error.code : 'INTERNAL';
    return { type: 'about:blank', title: code, status: 500, code, detail: messageOf(error) };
  },
});
// Killed processes leave nothing to the next one by themselves.
flushCompileCache();
server.listen(Number(port), '127.0.0.1', () => writeSync(1, 'open\n'));
