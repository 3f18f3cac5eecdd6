// SIP variables of the unit that concern calls → the settings of its calls.
import type { CallSettings } from '../../voice/call/settings.ts';
import type { Unit } from '../service.ts';

export function callSettings(unit: Unit): CallSettings {
  const read = (name: string): string | undefined => unit.config.running(`SipEp.${name}`);
  return {
    hold: {
      direction: read('InteropOnHoldSdpStreamDirection') === 'Sendonly' ? 'sendonly' : 'inactive',
      address: read('InteropOnHoldSdpConnectionAddress') === 'MediaAddress' ? 'media' : 'hold',
      answer: read('InteropOnHoldAnswerSdpStreamDirection') === 'Inactive' ? 'inactive' : 'recvonly',
    },
  };
}
