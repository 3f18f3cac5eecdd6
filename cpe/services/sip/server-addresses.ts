// The SIP servers of a gateway, from the default and the gateway-specific variables.
import { hostPort, type Unit } from '../service.ts';

type Address = ReturnType<typeof hostPort>;

export interface ServerAddresses {
  /** Host '': none. */
  registrar: Address;
  /** The outbound proxy. */
  proxy: Address | undefined;
  /** The home-domain proxy ("Proxy Host"). */
  home: Address | undefined;
  /** Right-hand side of the gateway's addresses, with the port of the server that it comes from. */
  domain: string;
}

const none: Address = { host: '', port: 0 };

/** `Table[Key="a"].Column` → `Table.Column`. */
function withoutRow(name: string): string {
  const start = name.indexOf('[');
  return start < 0 ? name : name.slice(0, start) + name.slice(name.lastIndexOf(']') + 1);
}

/**
 * The address in a variable: '' and 0.0.0.0 mean none. The factory's own address means none too, unless the option `lan` is set: it is
 * that of a host in a private network, which a simulated unit does not have.
 */
function addressOf(unit: Unit, name: string): Address {
  const text = unit.config.running(`SipEp.${name}`) ?? '';
  const isFactory = text === unit.model.variable(`SipEp.${withoutRow(name)}`)?.parameter.default;
  const address = hostPort(text);
  return address.host === '0.0.0.0' || (isFactory && !unit.lab.lan) ? none : address;
}

const orNone = (address: Address): Address | undefined => (address.host === '' ? undefined : address);

export const hostText = ({ host, port }: Address): string =>
  `${host.includes(':') ? `[${host}]` : host}${port === 0 ? '' : `:${port}`}`;

/** The column of the gateway's own row where that row is enabled, else the variable of the whole unit. */
function ownOrWhole(unit: Unit, row: string, column: string, whole: string): Address {
  const isOwn = unit.config.running(`SipEp.${row}.EnableConfig`) === 'Enable';
  return addressOf(unit, isOwn ? `${row}.${column}` : whole);
}

export function serverAddresses(unit: Unit, gateway: string): ServerAddresses {
  const proxies = `GwSpecificProxy[GatewayName="${gateway}"]`;
  const registrar = registrarOf(unit, gateway);
  const home = orNone(ownOrWhole(unit, proxies, 'HomeDomainHost', 'DefaultStaticProxyHomeDomainHost'));
  const proxy = orNone(ownOrWhole(unit, proxies, 'OutboundHost', 'DefaultStaticProxyOutboundHost'));
  const domain = unit.config.running(`SipEp.Gateway[Name="${gateway}"].Domain`) || hostText(home ?? registrar);
  return { registrar, proxy, home, domain };
}

/** The messaging host of a gateway; host '': none. */
export const messagingOf = (unit: Unit, gateway: string): Address =>
  ownOrWhole(unit, `GwSpecificMwi[GatewayName="${gateway}"]`, 'MessagingHost', 'DefaultStaticMessagingHost');

/** The registrar of a gateway, as `SipEp.RegistrationStatus` shows it too. */
export const registrarOf = (unit: Unit, gateway: string): Address =>
  ownOrWhole(
    unit,
    `GwSpecificRegistration[GatewayName="${gateway}"]`,
    'ServerHost',
    'DefaultStaticRegistrarServerHost',
  );
