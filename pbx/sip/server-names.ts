// The names and addresses of this server: what it writes into Via, Record-Route and Contact, and what it recognises as its own.
import { isIP } from 'node:net';
import type { Via } from '../../shared/sip/fields.ts';
import type { Address, Flow, Protocol } from '../../shared/sip/flow-types.ts';
import type { SipUri } from '../../shared/sip/uri.ts';

export const wildcard = (host: string): boolean => host === '0.0.0.0' || host === '::';
const plain = (host: string): string => host.toLowerCase().replace(/^\[|\]$/g, '');

interface Names {
  domain: string;
  /** Address that it listens at. */
  host: string;
  /** Our addresses where `host` is a wildcard, the one to be called by first. */
  addresses?: readonly string[];
}

export class ServerNames {
  readonly #domain: string;
  readonly #addresses: ReadonlySet<string>;
  /** The address for others where a connection has none of its own. */
  readonly #first: string;
  readonly #ports: Readonly<Partial<Record<Protocol, number>>>;
  readonly #numbers: ReadonlySet<number>;

  constructor({ domain, host, addresses = [] }: Names, ports: Partial<Record<Protocol, number>>) {
    this.#domain = domain.toLowerCase();
    this.#addresses = new Set([...addresses, ...(wildcard(host) ? [] : [host])]);
    this.#first = addresses[0] ?? this.#domain;
    this.#ports = ports;
    this.#numbers = new Set(Object.values(ports));
  }

  /** Our address towards that flow's peer. A connection that we opened has a port of its own, at which nothing listens. */
  on({ local, protocol }: Flow): Address {
    const host = wildcard(local.host) ? this.#first : local.host;
    const port = this.#numbers.has(local.port) ? local.port : (this.#ports[protocol] ?? local.port);
    return host === local.host && port === local.port ? local : { host, port };
  }

  /** The URI names this server, for a message that came over that flow. */
  isOurs(uri: SipUri, flow: Flow): boolean {
    const name = plain(uri.host);
    if (name !== this.#domain && name !== flow.local.host && !this.#addresses.has(name)) return false;
    // Units may share our address, as on loopback; the port tells them apart.
    const byDomain = name === this.#domain && isIP(this.#domain) === 0;
    return uri.port === undefined || this.#numbers.has(uri.port) || byDomain;
  }

  /** The Via is one that this server wrote: its address with a port that it listens at. */
  isOurName({ host, port }: Via): boolean {
    const name = plain(host);
    return port !== undefined && this.#numbers.has(port) && (name === this.#domain || this.#addresses.has(name));
  }
}
