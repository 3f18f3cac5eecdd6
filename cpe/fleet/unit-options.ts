// Gateway options of each unit of a fleet over sockets: identity by its number, one profile for all, its own loopback address.
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import { type Log, NamedLog } from '../../shared/log.ts';
import { wireLogAt } from '../../shared/wire-log.ts';
import { networkOf } from '../network.ts';
import { splitAssignment } from '../options.ts';
import {
  addressFor,
  chooseModel,
  chooseProfile,
  type FactoryOptions,
  type IdentityOptions,
  identityOf,
} from '../setup.ts';
import type { UnitGatewayOptions } from './fleet-unit.ts';

interface UnitsOptions extends Omit<FactoryOptions, 'dhcp'>, Omit<IdentityOptions, 'mac' | 'serial'> {
  model: string;
  set: readonly string[];
  address?: string | undefined;
  listen?: string | undefined;
  softwareVersion: string;
  anyFirmware: boolean;
  profileName?: string | undefined;
  lan?: boolean | undefined;
  reach?: readonly string[] | undefined;
  wire?: string | undefined;
  wireSecrets?: boolean | undefined;
}

/** Unit addresses on loopback start here: 127.64.0.1, so that each unit has all ports to itself. */
const LOOPBACK_BASE = 0x7f400001;

export const dotted = (address: number): string => [24, 16, 8, 0].map(shift => (address >>> shift) & 0xff).join('.');

/** @returns the options of unit number `at`, counted from 0. @throws UserError for an unusable model or profile */
export async function unitsOf(
  options: UnitsOptions,
  clock: Clock,
  log: Log,
): Promise<(at: number) => UnitGatewayOptions> {
  const model = await chooseModel(options.model);
  const base = await chooseProfile(model, { ...options, dhcp: false });
  const settings = options.set.map(splitAssignment).map(({ name, value }) => [name, value] as const);
  // One profile object for all: its evaluation is done once and shared.
  const profile = { ...base, parameters: { ...base.parameters, ...Object.fromEntries(settings) } };
  const network = networkOf(options.reach ?? []);
  const host = options.acs === undefined ? '' : new URL(options.acs).hostname;
  const shared = options.address ?? addressFor(host);
  return at => {
    const mac = `${options.oui}${(at + 1).toString(16).padStart(6, '0')}`;
    const address = shared === '127.0.0.1' ? dotted(LOOPBACK_BASE + at) : shared;
    const serial = mac.toUpperCase();
    const named = new NamedLog(log, { serial });
    const wire =
      options.wire === undefined
        ? undefined
        : wireLogAt(join(options.wire, serial), named, { isMasked: !options.wireSecrets });
    return {
      model,
      identity: identityOf({ ...options, mac, serial }),
      profile,
      address,
      clock,
      log: named,
      wire: wire?.tap,
      wireHead: wire?.head,
      // An ACS may send its connection requests to no other address than the one that informed.
      listen: options.listen === 'none' ? undefined : { host: options.listen ?? address, port: 0 },
      softwareVersion: options.softwareVersion,
      anyFirmware: options.anyFirmware,
      profileName: options.profileName,
      lan: options.lan,
      network,
    };
  };
}
