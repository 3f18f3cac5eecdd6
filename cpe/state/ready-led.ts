// The "Ready" LED of the unit (vendor's voice security notes): steady green once the TLS connections are up. The 3xxx models have none.
import type { Device } from './device.ts';

/** `off` is our word: the notes name one state only. That registrations count too is ours. */
type ReadyLed = 'steady green' | 'off';

/** @returns undefined for a unit without the LED, or without voice */
export function readyLed({ identity, config, model }: Device): ReadyLed | undefined {
  if (/^3\d{3}/.test(identity.productClass)) return undefined;
  const column = (table: string, name: string): string[] => {
    const path = `${model.root}X_0090F8_SipEp.${table}.`;
    return config.tree.findObject(path)
      ? config.tree.rows(path).map(row => config.get(`${path}${row}.${name}`) ?? '')
      : [];
  };
  const gateways = column('GatewayStatus', 'State');
  if (gateways.length === 0) return undefined;
  const isUp = column('TlsPersistentConnectionStatus', 'State').every(state => state === 'Up');
  const isRegistered = column('RegistrationStatus', 'State').every(state => /^(Registered|Refreshing)$/.test(state));
  return isUp && isRegistered && gateways.every(state => state === 'Ready') ? 'steady green' : 'off';
}
