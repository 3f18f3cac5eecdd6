// Parties that may speak SNMP with a unit: one community of versions 1 and 2c, and accounts of the unit in version 3.

import type { User } from 'net-snmp';
import { accountOf, allowsChange } from '../services/aaa.ts';
import { rowsOf, type Unit } from '../services/service.ts';
import { AuthProtocols, type Message, PrivProtocols, SecurityLevel } from './library.ts';

/** USM passwords have at least this length (RFC 3414 11.2). */
const MIN_PASSWORD = 8;

/** The accounts of version 3: SnmpUser alone where it is set. */
export function usersOf(unit: Unit): User[] {
  const { config } = unit;
  if (config.variable('Snmp.EnableSnmpV3') !== 'Enable') return [];
  const only = config.variable('Snmp.SnmpUser') ?? '';
  const privKey = config.variable('Snmp.PrivPassword') ?? '';
  const isPrivate = config.variable('Snmp.PrivProtocol') === 'Des';
  if (isPrivate && privKey.length < MIN_PASSWORD) return [];
  return rowsOf(unit, 'Aaa.Users', ['UserName', 'Password'])
    .filter(({ UserName, Password }) => Password.length >= MIN_PASSWORD && (only === '' || only === UserName))
    .map(({ UserName, Password }) => ({
      name: UserName,
      level: isPrivate ? SecurityLevel.authPriv : SecurityLevel.authNoPriv,
      authProtocol: config.variable('Snmp.AuthProtocol') === 'Sha1' ? AuthProtocols.sha : AuthProtocols.md5,
      authKey: Password,
      ...(isPrivate && { privProtocol: PrivProtocols.des, privKey }),
    })) as User[];
}

export const communityOf = ({ config }: Unit): string => config.variable('Snmp.Community') ?? '';

/** True where a version is switched on. */
export function speaks({ config }: Unit, version: number): boolean {
  const name = version === 0 ? 'EnableSnmpV1' : version === 1 ? 'EnableSnmpV2' : 'EnableSnmpV3';
  return config.variable(`Snmp.${name}`) === 'Enable';
}

/** @param service owner of what is changed */
export function mayWrite(unit: Unit, { version, user }: Message, service: string | undefined): boolean {
  if (version !== 3) return true;
  const account = accountOf(unit, user?.name ?? '');
  return account !== undefined && allowsChange(account.rights, service);
}
