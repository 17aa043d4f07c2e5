/** Certificates made in the test: an authority, and what it vouches for, as X.509 in DER (RFC 5280). */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** Key and certificate as PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** What is not as it is for most. */
export interface Terms {
  readonly dnsNames?: readonly string[];
  /** Last moment, as `YYMMDDhhmmssZ`. */
  readonly end?: string;
}

const END = '491231235959Z';
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const SEQUENCE = 0x30;
const SET = 0x31;
const OBJECT_ID = {
  ecdsaWithSha256: '06082a8648ce3d040302',
  commonName: '0603550403',
  basicConstraints: '0603551d13',
  subjectAltName: '0603551d11',
} as const;
const TRUE = Buffer.from('0101ff', 'hex');

/** A new authority, which signs certificates for 127.0.0.1. */
export class CertificateAuthority {
  readonly #name: string;
  readonly #key: KeyObject;
  readonly cert: string;
  #serial = 1;

  constructor(name: string) {
    this.#name = name;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = privateKey;
    const isAuthority = extension(OBJECT_ID.basicConstraints, der(SEQUENCE, TRUE), true);
    this.cert = this.#certify(name, publicKey, isAuthority);
  }

  issue(name: string, { dnsNames = [], end = END }: Terms = {}): Certificate {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const address = der(0x87, Buffer.from([127, 0, 0, 1]));
    const others = dnsNames.map((dnsName) => der(0x82, dnsName));
    const names = extension(OBJECT_ID.subjectAltName, der(SEQUENCE, address, ...others), false);
    return {
      key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
      cert: this.#certify(name, publicKey, names, end),
    };
  }

  #certify(name: string, publicKey: KeyObject, extensions: Buffer, end = END): string {
    const algorithm = der(SEQUENCE, hex(OBJECT_ID.ecdsaWithSha256));
    const content = der(
      SEQUENCE,
      der(0xa0, der(INTEGER, Buffer.from([2]))),
      der(INTEGER, Buffer.from([this.#serial++])),
      algorithm,
      nameOf(this.#name),
      der(SEQUENCE, der(UTC_TIME, '200101000000Z'), der(UTC_TIME, end)),
      nameOf(name),
      publicKey.export({ type: 'spki', format: 'der' }),
      der(0xa3, der(SEQUENCE, extensions)),
    );
    const signature = Buffer.concat([Buffer.from([0]), sign('sha256', content, this.#key)]);
    const whole = der(SEQUENCE, content, algorithm, der(BIT_STRING, signature));
    const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
  }
}

function nameOf(text: string): Buffer {
  const pair = der(SEQUENCE, hex(OBJECT_ID.commonName), der(UTF8_STRING, text));
  return der(SEQUENCE, der(SET, pair));
}

function extension(id: string, value: Buffer, isCritical: boolean): Buffer {
  const parts = [hex(id), ...(isCritical ? [TRUE] : []), der(OCTET_STRING, value)];
  return der(SEQUENCE, ...parts);
}

/** Tag, length, content. */
function der(tag: number, ...parts: readonly (Uint8Array | string)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}
