// Locating SIP servers (RFC 3263 4): a host and its port become the addresses to try, in order.
import { isIP } from 'node:net';
import type { Random } from '../clock.ts';
import type { Address, Protocol } from '../sip/flow-types.ts';
import type { DnsLookup, NaptrRecord, SrvRecord } from './client.ts';

export interface Target {
  protocol: Protocol;
  address: string;
  port: number;
  /** The names that the SRV answer gave; empty where there was none. */
  srvNames: readonly string[];
}

export interface LocateOptions {
  /** The transports that the caller has, the one it prefers first. */
  protocols: readonly Protocol[];
  /** The kinds of records that are asked for (DGW `SipEp.SupportedDnsQueries`): each includes those before it. */
  queries: 'Address' | 'Srv' | 'Naptr';
  /** Asks for NAPTR although TLS alone is possible (DGW `SipEp.InteropForceDnsNaptrInTls`). */
  forcesNaptr: boolean;
  /** The family of addresses that the caller can connect to. */
  family: 4 | 6;
}

/** Addresses to try for one server. */
const MAX_TARGETS = 32;

const defaultPort = (protocol: Protocol): number => (protocol === 'tls' ? 5061 : 5060);
/** RFC 3263 4.1 */
const services: Readonly<Record<Protocol, string>> = { tls: 'SIPS+D2T', tcp: 'SIP+D2T', udp: 'SIP+D2U' };
const prefixes: Readonly<Record<Protocol, string>> = { tls: '_sips._tcp.', tcp: '_sip._tcp.', udp: '_sip._udp.' };

interface Service {
  protocol: Protocol;
  /** Of the records that are asked for. */
  name: string;
}

/**
 * The addresses of a server in the order of RFC 3263 and RFC 2782: NAPTR, SRV, address records. With a port, or for an address,
 * there is nothing to ask but addresses (4.2).
 * @param server port 0: none is configured
 * @throws the error of DNS; Error where there is no address
 */
export async function locate(
  server: Address,
  options: LocateOptions,
  dns: DnsLookup,
  random: Random,
): Promise<readonly Target[]> {
  const [preferred = 'udp'] = options.protocols;
  const { host, port } = server;
  if (isIP(host)) return [{ protocol: preferred, address: host, port: port || defaultPort(preferred), srvNames: [] }];
  const targets = port === 0 && options.queries !== 'Address' ? await byService(host, options, dns, random) : [];
  const found =
    targets.length > 0 ? targets : await byAddress({ protocol: preferred, name: host, port }, [], options, dns);
  if (found.length === 0) throw new Error(`DNS knows no address of ${host}`);
  return found.slice(0, MAX_TARGETS);
}

async function byAddress(
  { protocol, name, port }: Service & { port: number },
  srvNames: readonly string[],
  { family }: LocateOptions,
  dns: DnsLookup,
): Promise<Target[]> {
  const addresses = (await dns.addresses(name)).filter(address => isIP(address) === family);
  return addresses.map(address => ({ protocol, address, port: port || defaultPort(protocol), srvNames }));
}

/** The targets of the first service that has SRV records; empty where none has. */
async function byService(host: string, options: LocateOptions, dns: DnsLookup, random: Random): Promise<Target[]> {
  for (const { protocol, name } of await servicesOf(host, options, dns)) {
    const records = await dns.srv(name);
    // RFC 2782: a target of '.' says that there is no such service here.
    const usable = records.filter(record => record.name !== '' && record.name !== '.');
    const srvNames = usable.map(record => record.name);
    const targets: Target[] = [];
    for (const record of inOrder(usable, random)) {
      if (targets.length >= MAX_TARGETS) break;
      // One name without an address does not hide the others.
      const place = { protocol, name: record.name, port: record.port };
      const found = await byAddress(place, srvNames, options, dns).catch((error: unknown) => {
        if (targets.length === 0 && record === usable.at(-1)) throw error;
        return [];
      });
      targets.push(...found);
    }
    if (targets.length > 0) return targets;
  }
  return [];
}

async function servicesOf(host: string, options: LocateOptions, dns: DnsLookup): Promise<Service[]> {
  const { protocols, queries, forcesNaptr } = options;
  const isDecided = protocols.length === 1 && protocols[0] === 'tls';
  if (queries === 'Naptr' && (!isDecided || forcesNaptr)) {
    const named = (await dns.naptr(host)).filter(record => record.flags.toLowerCase() === 's');
    const chosen = [...named].sort(byPreference).flatMap(record => serviceOf(record, protocols));
    if (chosen.length > 0) return chosen;
  }
  return protocols.map(protocol => ({ protocol, name: prefixes[protocol] + host }));
}

const byPreference = (a: NaptrRecord, b: NaptrRecord): number => a.order - b.order || a.preference - b.preference;

function serviceOf({ service, replacement }: NaptrRecord, protocols: readonly Protocol[]): Service[] {
  const protocol = protocols.find(one => services[one] === service.toUpperCase());
  return protocol === undefined ? [] : [{ protocol, name: replacement }];
}

/** RFC 2782: by priority, and within one by chance in proportion to the weights; those without weight hardly ever first. */
export function inOrder(records: readonly SrvRecord[], random: Random): SrvRecord[] {
  const ordered: SrvRecord[] = [];
  for (const priority of [...new Set(records.map(record => record.priority))].sort((a, b) => a - b)) {
    const left = records.filter(record => record.priority === priority).sort((a, b) => a.weight - b.weight);
    while (left.length > 0) {
      const total = left.reduce((sum, record) => sum + record.weight, 0);
      const chance = random.int(0, total);
      let sum = 0;
      const at = left.findIndex(({ weight }) => {
        sum += weight;
        return sum >= chance;
      });
      ordered.push(...left.splice(at, 1));
    }
  }
  return ordered;
}
