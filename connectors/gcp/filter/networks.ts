import * as strings from '../../../src/events/strings.ts';
import type { Held } from './values.ts';

const QUAD = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/;
const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';

/** A range inside a network, or an address as IPv6 writes it. */
const OTHER_SPELLINGS = '^[0-9.]+/[0-9]+$|^[0:]+:(?:ffff|FFFF):';

/**
 * The texts that are addresses in one of the networks: exact for IPv4 addresses as they are commonly written, open for ranges and for
 * everything of IPv6. Undefined where a network cannot be read.
 * https://cloud.google.com/logging/docs/view/logging-query-language#ip_in_net
 */
export function addressesIn(networks: readonly string[]): Held | undefined {
  const patterns = networks.map((network) => (network.includes(':') ? '' : patternOf(network)));
  if (patterns.includes(undefined)) return undefined;
  const old = patterns.filter((pattern) => pattern !== '');
  const least = old.length > 0 ? strings.matching(`^(?:${old.join('|')})$`) : strings.NO_STRINGS;
  const other = strings.matching(OTHER_SPELLINGS);
  if (!least || !other) return undefined;
  const most = strings.union(least, other);
  return { least, most: old.length < networks.length ? strings.union(most, strings.containing([':'], false)) : most };
}

/** The addresses of an IPv4 network. */
function patternOf(network: string): string | undefined {
  const found = QUAD.exec(network);
  const octets = found?.slice(1, 5).map(Number) ?? [];
  const bits = found?.[5] === undefined ? 32 : Number(found[5]);
  if (!found || octets.some((octet) => octet > 255) || bits > 32) return undefined;
  const parts = octets.map((octet, index) => {
    const fixed = Math.min(8, Math.max(0, bits - 8 * index));
    if (fixed === 0) return OCTET;
    const size = 2 ** (8 - fixed);
    const first = octet - (octet % size);
    return `(?:${Array.from({ length: size }, (_, at) => first + at).join('|')})`;
  });
  return parts.join('\\.');
}
