import { BlockList, isIP } from 'node:net';
import { OrchestratorError } from '../../base/errors.ts';

/**
 * Addresses that are not of the public internet: this machine, its network, link-local services such as
 * cloud metadata, and what stands for IPv4 addresses in IPv6 ones. IPv4-mapped ones count as IPv4.
 */
const REFUSED = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  '::1/128',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
] as const;

/** Which addresses may be called: public ones, and of the others those that are allowed by name. */
export class AddressPolicy {
  readonly #refused: BlockList = blockList(REFUSED);
  readonly #allowed: BlockList;

  /**
   * @param allow - networks such as `10.1.0.0/16` or `::1/128`, or single addresses
   * @throws OrchestratorError `WEBHOOK_OPTION_INVALID`
   */
  constructor(allow: readonly string[]) {
    this.#allowed = blockList(allow);
  }

  /** @param address - an IP address; anything else is refused */
  allows(address: string): boolean {
    const family = isIP(address);
    if (family === 0) return false;
    const name = family === 4 ? 'ipv4' : 'ipv6';
    return this.#allowed.check(address, name) || !this.#refused.check(address, name);
  }
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address);
    const bits = family === 4 ? 32 : 128;
    const length = prefix === undefined ? bits : Number(prefix);
    const isLength = /^\d{1,3}$/.test(prefix ?? '0') && length <= bits;
    if (family === 0 || !isLength) {
      throw new OrchestratorError(
        'WEBHOOK_OPTION_INVALID',
        `a network that webhooks may call must be an address with or without a prefix length, such as 10.1.0.0/16, got ${network}`,
        { network },
      );
    }
    list.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
