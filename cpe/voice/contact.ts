// The addresses under which the user agent can be reached: its Contact, and the sent-by of its Via.
import type { Address, Flow } from '../../shared/sip/flow-types.ts';
import type { UserAgentConfig } from './settings.ts';

/** The enabled transports. */
export const transportsOf = ({ transports, transport }: UserAgentConfig): NonNullable<UserAgentConfig['transports']> =>
  transports ?? [{ protocol: transport, q: '' }];

/** Listening port. */
export const ownPort = ({ port, transport }: UserAgentConfig): number => port || (transport === 'tls' ? 5061 : 5060);

/** Over TLS the connection itself leads back to the unit; else its listening port does. */
export function sentBy(config: UserAgentConfig, flow: Flow): Address {
  return flow.protocol === 'tls' ? flow.local : { host: config.address, port: ownPort(config) };
}

/**
 * The values of Contact in REGISTER over that flow: one for each transport, each with its parameter and its q-value, where
 * `SipEp.TransportConfig.RegistrationEnable` asks for them; else one without either.
 */
export function registrationContacts(config: UserAgentConfig, user: string, flow: Flow): string[] {
  if (!config.registrationTransport) return [`<${contactUri(config, user, flow, false)}>`];
  return transportsOf(config).map(({ protocol, q }) => {
    const uri = contactUri({ ...config, transport: protocol }, user, flow, true);
    return `<${uri}>${q === '' ? '' : `;q=${q}`}`;
  });
}

/** The URI of `user` at this unit, over that flow. `tls`: a sips one, which needs no transport parameter (RFC 5630 5.1.1). */
export function contactUri(config: UserAgentConfig, user: string, flow: Flow, transport: boolean | 'tls'): string {
  const host = config.address.includes(':') ? `[${config.address}]` : config.address;
  const port = flow.protocol === 'tls' ? flow.local.port : ownPort(config);
  if (transport === 'tls') return `sips:${user}@${host}:${port}`;
  return `sip:${user}@${host}:${port}${transport ? `;transport=${config.transport}` : ''}`;
}
