// A unit at the lab's Kamailio: over TLS to port 5061, with trust in the lab's authority.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { UserAgentEnv } from '../../../cpe/voice/settings.ts';
import { registered, startUnit, tlsSettings, type Unit, unitConfig } from '../cpe/voice.ts';
import type { Lab } from '../servers/peers.ts';

export const kamailioAddress = { host: '127.0.0.1', port: 5061 };

export type LabUnitChanges = Parameters<typeof unitConfig>[2];

/** PEM of the lab's authority. */
export const labAuthority = (lab: Lab): Promise<string> => readFile(join(lab.folder, 'certs', 'ca.pem'), 'utf8');

/** Starts one, which registers by itself. */
export async function startLabUnit(
  lab: Lab,
  user: string,
  changes: LabUnitChanges = {},
  env: Partial<UserAgentEnv> = {},
): Promise<Unit> {
  const ca = await labAuthority(lab);
  return startUnit(unitConfig(user, kamailioAddress, { domain: 'lab.test', ...changes }), () => tlsSettings([ca]), env);
}

/** Starts one and waits for its registration. */
export async function registeredLabUnit(...about: Parameters<typeof startLabUnit>): Promise<Unit> {
  const unit = await startLabUnit(...about);
  await unit.until(registered, `${about[1]} registers`);
  return unit;
}
