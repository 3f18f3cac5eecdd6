// The one place where a call's key management is chosen.
import type { KeyManagement, MediaSecurity, SessionUpdateCryptoMode } from '../keying.ts';
import { type MikeySettings, mikeyKeys } from './mikey-keys.ts';
import { sdesKeys } from './sdes-keys.ts';

export interface KeySettings extends Omit<MikeySettings, 'encryption'> {
  update: SessionUpdateCryptoMode;
}

/** The protocol the unit is set to. RFC 4568 7.5: where both are offered, only it is answered. */
export function keyManagementOf(
  { keyManagement, encryption }: MediaSecurity,
  { update, ...settings }: KeySettings,
): KeyManagement {
  return keyManagement === 'Sdes' ? sdesKeys(settings.random, update) : mikeyKeys({ ...settings, encryption });
}
