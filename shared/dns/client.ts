// DNS as a unit asks it: the servers of its own settings, bounded answers, and a cache by the time that an answer lives.
import { lookup, Resolver } from 'node:dns/promises';
import type { Clock } from '../clock.ts';

/** RFC 2782; `name` is the target. */
export interface SrvRecord {
  priority: number;
  weight: number;
  name: string;
  port: number;
}

/** RFC 3403 4.1, without the regular expression, which RFC 3263 does not use. */
export interface NaptrRecord {
  order: number;
  preference: number;
  flags: string;
  service: string;
  replacement: string;
}

/** The three queries of RFC 3263. An empty list: there are no such records. Each rejects when no server answers. */
export interface DnsLookup {
  naptr(name: string): Promise<readonly NaptrRecord[]>;
  srv(name: string): Promise<readonly SrvRecord[]>;
  /** IPv4 addresses first. */
  addresses(name: string): Promise<readonly string[]>;
}

export interface DnsSettings {
  /** Addresses, with a port where it is not 53. Without any, the host's own lookup answers for addresses, and there are no other records. */
  servers: readonly string[];
  /** Asks for IPv6 addresses too (DGW `SipEp.DnsIpVersion`). */
  withIpv6: boolean;
  /** Keeps the last answer for a name while no server answers (DGW `SipEp.DnsFailureConcealment`). */
  concealsFailures: boolean;
}

/** Records of one answer that count; more are cut off. */
const MAX_RECORDS = 32;
/** Names that are remembered. */
const MAX_NAMES = 64;
const TIMEOUT_MS = 2000;
const TRIES = 2;
/** Node gives no time to live for SRV, NAPTR and what the host looks up: they are kept this long. Our choice. */
const UNKNOWN_TTL = 60;

/** "Nothing of the kind" in the words of the resolver; a server that knows no such type of record says so too. */
const absent = new Set(['ENOTFOUND', 'ENODATA', 'ENONAME', 'ENOTIMP', 'ESERVFAIL', 'EREFUSED']);

interface Answer {
  records: readonly unknown[];
  /** Seconds. */
  ttl: number;
}

export class DnsClient implements DnsLookup {
  readonly #clock: Clock;
  readonly #settings: DnsSettings;
  readonly #resolver: Resolver | undefined;
  readonly #known = new Map<string, { records: readonly unknown[]; until: number }>();

  constructor(settings: DnsSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    if (settings.servers.length === 0) return;
    this.#resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
    this.#resolver.setServers(settings.servers);
  }

  naptr(name: string): Promise<readonly NaptrRecord[]> {
    return this.#ask(`naptr ${name}`, async resolver => ({
      records: await resolver.resolveNaptr(name),
      ttl: UNKNOWN_TTL,
    }));
  }

  srv(name: string): Promise<readonly SrvRecord[]> {
    return this.#ask(`srv ${name}`, async resolver => ({ records: await resolver.resolveSrv(name), ttl: UNKNOWN_TTL }));
  }

  async addresses(name: string): Promise<readonly string[]> {
    if (!this.#resolver || name.toLowerCase() === 'localhost') return hostsLookup(name);
    const four = await this.#ask<string>(`a ${name}`, async resolver =>
      withTtl(await resolver.resolve4(name, { ttl: true })),
    );
    if (!this.#settings.withIpv6) return four;
    const six = await this.#ask<string>(`aaaa ${name}`, async resolver =>
      withTtl(await resolver.resolve6(name, { ttl: true })),
    );
    return [...four, ...six];
  }

  /** Ends the queries under way. */
  close(): void {
    this.#resolver?.cancel();
  }

  async #ask<T>(key: string, query: (resolver: Resolver) => Promise<Answer>): Promise<readonly T[]> {
    if (!this.#resolver) return [];
    const known = this.#known.get(key);
    if (known && known.until > this.#clock.monotonic()) return known.records as readonly T[];
    try {
      const { records, ttl } = await query(this.#resolver).catch(nothingWhereAbsent);
      return this.#keep(key, records.slice(0, MAX_RECORDS), ttl) as readonly T[];
    } catch (error) {
      if (known && this.#settings.concealsFailures) return known.records as readonly T[];
      throw error;
    }
  }

  #keep(key: string, records: readonly unknown[], ttl: number): readonly unknown[] {
    this.#known.delete(key);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MAX_NAMES && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(key, { records, until: this.#clock.monotonic() + 1000 * ttl });
    return records;
  }
}

const withTtl = (records: readonly { address: string; ttl: number }[]): Answer => ({
  records: records.map(({ address }) => address),
  ttl: Math.min(...records.map(({ ttl }) => ttl)),
});

function nothingWhereAbsent(error: NodeJS.ErrnoException): Answer {
  if (!absent.has(error.code ?? '')) throw error;
  return { records: [], ttl: 0 };
}

async function hostsLookup(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { all: true, order: 'ipv4first' });
  return found.slice(0, MAX_RECORDS).map(({ address }) => address);
}
