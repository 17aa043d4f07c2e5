import { createHmac } from 'node:crypto';
import { OrchestratorError } from '../../base/errors.ts';

/** Shortest secret, in bytes. */
const SECRET_BYTES_MIN = 16;
const PREFIX = 'whsec_';

/**
 * The key behind a secret: what follows `whsec_` as base64, any other text as it is.
 *
 * @throws OrchestratorError `WEBHOOK_OPTION_INVALID` below 16 bytes
 */
export function webhookKey(secret: string): Buffer {
  const text = secret.trim();
  const key = text.startsWith(PREFIX)
    ? Buffer.from(text.slice(PREFIX.length), 'base64')
    : Buffer.from(text);
  if (key.length >= SECRET_BYTES_MIN) return key;
  throw new OrchestratorError(
    'WEBHOOK_OPTION_INVALID',
    `the secret of webhooks must have at least ${SECRET_BYTES_MIN} bytes, got ${key.length}`,
  );
}

/**
 * The headers that let the receiver know who calls, as the Standard Webhooks specification has them: an
 * HMAC-SHA-256 of id, time and body. Receivers refuse old times and ids that they have seen.
 */
export function signWebhook(
  key: Buffer,
  { body, id, nowMs }: { readonly id: string; readonly nowMs: number; readonly body: string },
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`);
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature.digest('base64')}`,
  };
}
