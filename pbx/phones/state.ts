// The state of the exchange that the configuration of telephones follows.
import { isIP } from 'node:net';
import type { Settings } from '../exchange/data.ts';

/** Ports of the exchange; absent: that one is off. */
export interface PhonePorts {
  /** SIP over UDP and TCP. */
  udp?: number;
  /** SIP over TLS. */
  tls?: number;
  /** Configuration files by HTTP and HTTPS. */
  http?: number;
  https?: number;
}

export interface PhoneState {
  /** Telephones use TLS and SRTP: media of extensions is encrypted, or there is a policy. */
  isSecure: boolean;
  /** The policy lets no telephone of these series go without SRTP. */
  isStrict: boolean;
  /** Name or address of the exchange for telephones. */
  host: string;
  ports: PhonePorts;
  /** The exchange has a CA of its own, which telephones must trust. */
  hasOwnCa: boolean;
}

/** @param address ours, as the telephone reached it: it stands for a domain that is no name */
export function phoneStateOf(
  { policy, mediaEncryption }: Settings,
  { domain, ports, hasOwnCa }: { domain: string; ports: PhonePorts; hasOwnCa: boolean },
  address: string,
): PhoneState {
  const isSecure = ports.tls !== undefined && (policy !== 0 || mediaEncryption.extension);
  return {
    isSecure,
    isStrict: isSecure && (policy === 1 || policy === 3),
    host: isIP(domain) === 0 ? domain : address,
    ports,
    hasOwnCa,
  };
}
