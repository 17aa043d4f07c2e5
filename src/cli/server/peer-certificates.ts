/** The files behind `--peer-tls-cert`, `--peer-tls-key` and `--peer-tls-ca`, read again when they change. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf } from '../../base/errors.ts';
import { TlsNetwork, type PeerCredentials } from '../../log/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { ServerConfig } from '../config/config-keys.ts';
import { usageError } from '../usage-error.ts';

/** Between two looks at the files, in milliseconds. */
const LOOK_MS = 5_000;
/** A certificate that ends sooner is worth a warning. */
const ENDS_SOON_MS = 14 * 24 * 3_600_000;
const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

interface Files {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** TLS between nodes, with files that may be replaced while it runs. */
export interface PeerTls {
  readonly network: TlsNetwork;
  /** Looks at the files no more. */
  close(): void;
}

/**
 * Reads the files that the settings name; null where they name none.
 *
 * @throws UsageError `CONFIG_INVALID` where one is missing, is no PEM, or does not belong to the others
 */
export function openPeerTls(config: ServerConfig, logger: Logger): PeerTls | null {
  const cert = config['cluster.tlsCert'];
  const key = config['cluster.tlsKey'];
  const ca = config['cluster.tlsCa'];
  const files = { cert, key, ca };
  const named = Object.values(files).filter((file) => file !== '').length;
  if (named === 0) return null;
  if (named < 3) {
    throw invalid(
      '--peer-tls-cert, --peer-tls-key and --peer-tls-ca must be given together',
      'each node shows a certificate and asks for that of the other',
    );
  }
  let credentials = read(files);
  const network = make(files, credentials, logger);
  tellEnd(credentials, logger);
  let lastFault = '';
  const look = (): void => {
    try {
      const now = read(files);
      if (JSON.stringify(now) === JSON.stringify(credentials)) return;
      network.replace(now);
      credentials = now;
      lastFault = '';
      logger.info('connections between nodes use the new certificate from now on');
      tellEnd(now, logger);
    } catch (error) {
      const why = messageOf(error);
      if (why !== lastFault) {
        logger.error('the new certificate cannot be used; the one before is kept', { error: why });
      }
      lastFault = why;
    }
  };
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  return { network, close: () => clearInterval(timer) };
}

function make(files: Files, credentials: PeerCredentials, logger: Logger): TlsNetwork {
  let last = '';
  const onRefused = (from: string, why: string): void => {
    // It comes back with every call.
    if (why !== last) logger.warn('a connection of a peer was refused', { from, why });
    last = why;
  };
  try {
    return new TlsNetwork({ credentials, onRefused });
  } catch (error) {
    throw invalid(
      `${files.cert} and ${files.key} must belong together, got: ${messageOf(error)}`,
      'make both anew: docs/cluster.md says how',
    );
  }
}

function read(files: Files): PeerCredentials & { readonly cert: string } {
  const cert = readFile('--peer-tls-cert', files.cert);
  const ca = readFile('--peer-tls-ca', files.ca);
  const [own] = certificatesIn('--peer-tls-cert', cert);
  const nowMs = Date.now();
  if (own !== undefined && own.validToDate.getTime() < nowMs) {
    throw invalid(
      `--peer-tls-cert must not have ended, got one that ended at ${own.validToDate.toISOString()}`,
      'no other node would listen to this one',
    );
  }
  certificatesIn('--peer-tls-ca', ca);
  return { cert, key: readFile('--peer-tls-key', files.key), ca };
}

function certificatesIn(flag: string, pem: string): readonly X509Certificate[] {
  const texts = pem.match(PEM) ?? [];
  if (texts.length === 0) throw invalid(`${flag} must be PEM with a certificate, got none`, '');
  try {
    return texts.map((text) => new X509Certificate(text));
  } catch (error) {
    throw invalid(`${flag} must be PEM with a certificate, got: ${messageOf(error)}`, '');
  }
}

function readFile(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid(`${flag} must be readable, got: ${messageOf(error)}`, '');
  }
}

function tellEnd({ cert }: { readonly cert: string }, logger: Logger): void {
  const [own] = certificatesIn('--peer-tls-cert', cert);
  if (own === undefined) return;
  const end = own.validToDate;
  if (end.getTime() - Date.now() > ENDS_SOON_MS) return;
  const message = 'the certificate of this node ends soon: replace the file, no restart is needed';
  logger.warn(message, { end: end.toISOString() });
}

function invalid(message: string, hint: string): Error {
  return usageError('CONFIG_INVALID', message, hint === '' ? undefined : hint);
}
