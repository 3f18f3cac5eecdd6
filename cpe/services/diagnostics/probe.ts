// Probes: each takes the settings of its object, and gives the end of a run with its results.
import { isIP } from 'node:net';
import { DnsClient, type DnsLookup } from '../../../shared/dns/client.ts';
import { messageOf } from '../../../shared/errors.ts';
import { isLoopback } from '../../../shared/net/address.ts';
import type { ReachableHost } from '../../network.ts';
import { dnsServersOf } from '../hoc.ts';
import type { Unit } from '../service.ts';

export interface ProbeInput {
  unit: Unit;
  /** A setting of the object; '' where the model has none of that name. */
  setting(name: string): string;
  signal: AbortSignal;
}

export interface ProbeEnd {
  /** The first that the model has as a value of DiagnosticsState. */
  states: readonly string[];
  values?: Readonly<Record<string, string>>;
  rows?: readonly Readonly<Record<string, string>>[];
}

export type Probe = (input: ProbeInput) => Promise<ProbeEnd>;

/** A host as the unit reaches it: a real one on loopback, one of the simulated network, or none. */
export interface Target {
  /** '' where the simulated network has the name alone. */
  address: string;
  reached: ReachableHost | undefined;
}

const near = (host: string): ReachableHost => ({ host, roundTrip: 0, loss: 0, hops: [] });

/** @returns the host; undefined where its name has no address */
export async function targetOf({ unit, setting }: ProbeInput): Promise<Target | undefined> {
  const host = setting('Host').trim().toLowerCase();
  const known = unit.lab.network?.get(host);
  if (known) return { address: isIP(host) ? host : '', reached: known };
  const address = isIP(host) ? host : await addressOf(unit, host);
  if (address === undefined) return undefined;
  const reached = unit.lab.network?.get(address) ?? (isLoopback(address) ? near(address) : undefined);
  return { address, reached };
}

/** @returns the first address of a name, as the unit's DNS servers tell it; undefined where there is none */
export async function addressOf(unit: Unit, name: string): Promise<string | undefined> {
  if (isIP(name)) return name;
  if (name === 'localhost') return '127.0.0.1';
  const client: DnsLookup & { close(): void } = new DnsClient(
    { servers: dnsServersOf(unit), withIpv6: false, concealsFailures: false },
    unit.clock,
  );
  try {
    return (await client.addresses(name))[0];
  } catch (error) {
    unit.log.debug('diagnostic name not resolved', { name, reason: messageOf(error) });
    return undefined;
  } finally {
    client.close();
  }
}

/** A whole number of a setting, within bounds that keep a run short. */
export function numberIn(text: string, usual: number, most: number): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : usual;
  return Math.min(most, Math.max(1, number));
}
