import { expect, test } from 'vitest';
import { signWebhook, webhookKey } from './sign-webhook.ts';

test('signs as the example of the Standard Webhooks specification', () => {
  const key = webhookKey('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n');
  const body = '{"test": 2432232314}';
  const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
  expect(signWebhook(key, { id, nowMs: 1_614_265_330_999, body })).toEqual({
    'webhook-id': id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test('a secret of fewer than 16 bytes is refused', () => {
  expect(() => webhookKey('short')).toThrow(/at least 16 bytes, got 5/);
  expect(() => webhookKey('whsec_c2hvcnQ=')).toThrow(/got 5/);
});
