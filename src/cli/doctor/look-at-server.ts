/** The server's address: does it answer, is it of this version, do the clocks agree; if not, is the port free? */
import { createServer } from 'node:net';
import { isOrchestratorError, messageOf } from '../../base/errors.ts';
import { VERSION } from '../../base/version.ts';
import type { StatusView } from '../../contract/index.ts';
import { showSpan } from '../output/moment.ts';
import type { ServerApi } from '../server-api.ts';
import { bad, odd, ok, type Finding } from './finding.ts';

const SKEW_MS_MAX = 2_000;

export interface Address {
  readonly host: string;
  readonly port: number;
}

export async function lookAtServer(api: ServerApi, address: Address): Promise<readonly Finding[]> {
  const check = 'server';
  try {
    const status = await api.get<StatusView>('/status');
    return [lookAtStatus(api.url, status), lookAtSkew(status)];
  } catch (error) {
    const code = isOrchestratorError(error) ? error.code : '';
    if (code !== 'SERVER_UNREACHABLE') {
      return [bad(check, messageOf(error), 'name the right address with --url or UQO_URL')];
    }
    const advice = 'start one with `uqo start`, or name it with --url or UQO_URL';
    return [odd(check, `none answers at ${api.url}`, advice), await lookAtPort(address)];
  }
}

function lookAtStatus(url: string, status: StatusView): Finding {
  const detail = `${url} answers, version ${status.version}, up ${showSpan(status.uptimeMs)}`;
  if (!status.ready)
    return odd('server', `${detail}, not ready`, 'it is stopping or its log failed');
  if (status.version === VERSION) return ok('server', detail);
  return odd(
    'server',
    detail,
    `this command line is ${VERSION}: use the same version on both sides`,
  );
}

function lookAtSkew({ startedAt, uptimeMs }: StatusView): Finding {
  const serverNowMs = Date.parse(startedAt) + uptimeMs;
  const skewMs = Math.abs(Date.now() - serverNowMs);
  const detail = `${showSpan(skewMs)} apart from the server's`;
  if (skewMs <= SKEW_MS_MAX) return ok('clock', detail);
  return odd(
    'clock',
    detail,
    'set both clocks by NTP: delays and deadlines are in the server’s time',
  );
}

async function lookAtPort({ host, port }: Address): Promise<Finding> {
  const check = 'port';
  if (port === 0) return ok(check, 'any free one');
  const where = `${host} port ${port}`;
  const failure = await tryListen({ host, port });
  if (failure === null) return ok(check, `${where} is free`);
  return bad(check, `${where}: ${failure.message}`, 'give another with --port or UQO_PORT');
}

/** Listens for a moment; the reason why it cannot, or null. */
function tryListen(address: Address): Promise<Error | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ ...address, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
