import { randomBytes, randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

/** Standard Webhooks: an HMAC over an identifier, the time and the body. */
export function webhooks() {
  const webhook = new Webhook(randomBytes(32).toString('base64'));
  return {
    begin() {},
    sign(payload) {
      const text = JSON.stringify(payload);
      const id = `msg_${randomUUID()}`;
      const now = new Date();
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
        'webhook-signature': webhook.sign(id, now, text),
      };
      return { bytes: Buffer.from(text), headers };
    },
    verify: ({ bytes, headers }) => webhook.verify(bytes.toString(), headers),
  };
}
