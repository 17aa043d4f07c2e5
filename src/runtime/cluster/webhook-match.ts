/** Whether two nodes of a cluster call agents alike: whoever leads calls them, with its own secret, where its own settings let it. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { RuntimeLogger } from '../runtime-logger.ts';
import { webhookKey } from '../webhooks/sign-webhook.ts';
import type { WebhookOptions } from '../webhooks/webhooks.ts';

/** What a node shows of its settings: enough to compare them, and nothing of the secret. */
export interface WebhookProof {
  readonly salt: string;
  /** HMAC-SHA-256 of the salt with the secret; null where there is none. */
  readonly secret: string | null;
  /** SHA-256 of the networks that may be called. */
  readonly allow: string;
}

export class WebhookMatch {
  readonly #options: WebhookOptions;
  readonly #logger: RuntimeLogger;
  #difference: string | null = null;
  #isKnown = false;

  constructor(options: WebhookOptions, logger: RuntimeLogger) {
    this.#options = options;
    this.#logger = logger;
  }

  /** Whether this node would call agents as its leader does; null while nobody has said how that does. */
  get isSame(): boolean | null {
    return this.#isKnown ? this.#difference === null : null;
  }

  /** For another node to compare with its own. */
  proof(salt: string = randomBytes(16).toString('hex')): WebhookProof {
    const { allow = [], secret } = this.#options;
    const networks = JSON.stringify(allow.map((network) => network.trim()).toSorted());
    const own = secret === undefined ? null : createHmac('sha256', webhookKey(secret));
    return {
      salt,
      secret: own?.update(`uqo webhook secret ${salt}`).digest('hex') ?? null,
      allow: createHash('sha256').update(networks).digest('hex'),
    };
  }

  /** @param shown - by the leader; null where it is of a release that shows nothing, or is this node */
  compare(shown: WebhookProof | null): void {
    this.#isKnown = shown !== null;
    const difference = shown === null ? null : this.#differenceFrom(shown);
    if (difference !== null && difference !== this.#difference) this.#tell(difference);
    this.#difference = difference;
  }

  #differenceFrom(shown: WebhookProof): string | null {
    const own = this.proof(shown.salt);
    const secret = own.secret === shown.secret ? [] : ['secret'];
    const allow = own.allow === shown.allow ? [] : ['allowed networks'];
    const all = [...secret, ...allow];
    return all.length === 0 ? null : all.join(' and ');
  }

  #tell(difference: string): void {
    this.#logger.error(
      'webhooks.secretFile and webhooks.allow must be the same on all nodes, and are not those of the leader: were this node to lead, agents would refuse its calls, or it would not call them',
      { difference },
    );
  }
}
