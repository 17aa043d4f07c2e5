/** The files behind `--peer-tls-cert`, `--peer-tls-key` and `--peer-tls-ca`, read again when they change. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf } from '../../base/errors.ts';
import { namesNode, namesOf, TlsNetwork, type PeerCredentials } from '../../log/index.ts';
import type { CertificateEnd, Logger } from '../../telemetry/index.ts';
import type { ServerConfig } from '../config/config-keys.ts';
import { usageError } from '../usage-error.ts';

/** Between two looks at the files, in milliseconds. */
const LOOK_MS = 5_000;
const DAY_MS = 24 * 3_600_000;
/** A certificate that ends sooner is worth a warning. */
const ENDS_SOON_MS = 14 * DAY_MS;
const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

type Files = Readonly<Record<'cert' | 'key' | 'ca', string>>;

/** What the files hold, checked. */
interface Loaded {
  readonly credentials: PeerCredentials;
  readonly ends: readonly CertificateEnd[];
}

/** TLS between nodes, with files that may be replaced while it runs. */
export interface PeerTls {
  readonly network: TlsNetwork;
  /** When the certificate of this node ends, and that of whoever vouches for it. */
  readonly ends: readonly CertificateEnd[];
  /** Looks at the files no more. */
  close(): void;
}

/**
 * Reads the files that the settings name; null where they name none.
 *
 * @throws UsageError `CONFIG_INVALID` where one is missing, is no PEM, has ended, is not that of this node, or does not
 *   belong to the others
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
  return new WatchedFiles(files, config, logger);
}

class WatchedFiles implements PeerTls {
  readonly network: TlsNetwork;
  readonly #files: Files;
  readonly #logger: Logger;
  /** Whom the certificate must name; null where any will do. */
  readonly #nodeId: string | null;
  readonly #timer: NodeJS.Timeout;
  #loaded: Loaded;
  #texts: Files;
  #lastFault = '';
  #toldMs = -Infinity;

  constructor(files: Files, config: ServerConfig, logger: Logger) {
    this.#files = files;
    this.#logger = logger;
    const isAnyNode = config['cluster.tlsAnyNode'];
    this.#nodeId = isAnyNode ? null : config['cluster.nodeId'];
    this.#texts = textsOf(files);
    this.#loaded = load(this.#texts, this.#nodeId);
    this.network = makeNetwork(files, this.#loaded.credentials, isAnyNode, logger);
    this.#tellEnds();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  get ends(): readonly CertificateEnd[] {
    return this.#loaded.ends;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    try {
      const texts = textsOf(this.#files);
      if (JSON.stringify(texts) !== JSON.stringify(this.#texts)) this.#replace(texts);
      this.#lastFault = '';
    } catch (error) {
      const why = messageOf(error);
      if (why !== this.#lastFault) {
        const message = 'the new certificate cannot be used; the one before is kept';
        this.#logger.error(message, { error: why });
      }
      this.#lastFault = why;
    }
    if (Date.now() - this.#toldMs >= DAY_MS) this.#tellEnds();
  }

  #replace(texts: Files): void {
    const loaded = load(texts, this.#nodeId);
    this.network.replace(loaded.credentials);
    this.#texts = texts;
    this.#loaded = loaded;
    this.#logger.info('connections between nodes use the new certificate from now on');
    this.#tellEnds();
  }

  /** Says what ends soon, or has ended: at the start, after a change of the files, and then once a day. */
  #tellEnds(): void {
    const nowMs = Date.now();
    this.#toldMs = nowMs;
    for (const { certificate, endMs } of this.#loaded.ends) {
      if (endMs - nowMs > ENDS_SOON_MS) continue;
      const whose = certificate === 'node' ? 'of this node' : 'of its authority';
      const end = new Date(endMs).toISOString();
      const remedy = 'replace the file, no restart is needed';
      if (endMs > nowMs) {
        this.#logger.warn(`the certificate ${whose} ends soon: ${remedy}`, { end });
      } else {
        const message = `the certificate ${whose} has ended: new connections between nodes are refused; ${remedy}`;
        this.#logger.error(message, { end });
      }
    }
  }
}

function makeNetwork(
  files: Files,
  credentials: PeerCredentials,
  isAnyNode: boolean,
  logger: Logger,
): TlsNetwork {
  let last = '';
  const onRefused = (from: string, why: string): void => {
    // It comes back with every call.
    if (why !== last) logger.warn('a connection of a peer was refused', { from, why });
    last = why;
  };
  try {
    return new TlsNetwork({ credentials, isAnyNode, onRefused });
  } catch (error) {
    throw invalid(
      `${files.cert} and ${files.key} must belong together, got: ${messageOf(error)}`,
      'make both anew: docs/cluster.md says how',
    );
  }
}

function textsOf({ ca, cert, key }: Files): Files {
  return {
    cert: readFile('--peer-tls-cert', cert),
    ca: readFile('--peer-tls-ca', ca),
    key: readFile('--peer-tls-key', key),
  };
}

function load(credentials: Files, nodeId: string | null): Loaded {
  const { ca, cert } = credentials;
  const own = certificatesIn('--peer-tls-cert', cert)[0];
  const endMs = own.validToDate.getTime();
  if (endMs < Date.now()) {
    throw invalid(
      `--peer-tls-cert must not have ended, got one that ended at ${own.validToDate.toISOString()}`,
      'no other node would listen to this one',
    );
  }
  if (nodeId !== null && !namesNode(own, nodeId)) {
    throw invalid(
      `--peer-tls-cert must name this node (CN=${nodeId}, or the DNS name ${nodeId}), got one of ${namesOf(own)}`,
      'make one for each node as docs/cluster.md says, or give all nodes --peer-tls-any-node',
    );
  }
  const authorities = certificatesIn('--peer-tls-ca', ca);
  const issuer = authorities.find((authority) => own.checkIssued(authority));
  const vouching = issuer === undefined ? authorities : [issuer];
  const authorityEndMs = Math.min(...vouching.map(({ validToDate }) => validToDate.getTime()));
  return {
    credentials,
    ends: [
      { certificate: 'node', endMs },
      { certificate: 'authority', endMs: authorityEndMs },
    ],
  };
}

function certificatesIn(flag: string, pem: string): [X509Certificate, ...X509Certificate[]] {
  const [first, ...others] = pem.match(PEM) ?? [];
  if (first === undefined) throw invalid(`${flag} must be PEM with a certificate, got none`, '');
  try {
    return [new X509Certificate(first), ...others.map((text) => new X509Certificate(text))];
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

function invalid(message: string, hint: string): Error {
  return usageError('CONFIG_INVALID', message, hint === '' ? undefined : hint);
}
