// SIP variables of the unit that concern calls → the settings of its calls.
import type { CallSettings } from '../../voice/call/settings.ts';
import type { Unit } from '../service.ts';

const uacPracks = ['supported', 'required'] as const;

export function callSettings(unit: Unit): CallSettings {
  const read = (name: string): string | undefined => unit.config.running(`SipEp.${name}`);
  const isEnabled = (name: string): boolean => unit.config.running(`EpServ.Default${name}Enable`) !== 'Disable';
  return {
    services: {
      hold: isEnabled('Hold'),
      blindTransfer: isEnabled('TransferBlind'),
      attendedTransfer: isEnabled('TransferAttended'),
    },
    info: {
      format: read('InteropDtmfTransportMethod') === 'InfoDtmfRelay' ? 'relay' : 'draft',
      duration: Number(read('InteropDtmfTransportDuration') ?? 100),
      emptyAnswer: read('InteropSipInfoWithoutContentAnswer') === 'Ok' ? 200 : 415,
    },
    prack: {
      uas: read('UasPrackSupport') === 'Supported',
      uac: uacPracks.find(one => one === read('UacPrackSupport')?.toLowerCase()) ?? 'unsupported',
    },
    earlyMedia: read('InteropSend183WithSdpBefore180WithoutSdp') === 'Enable',
    timer: {
      enabled: read('DefaultSessionTimerEnable') !== 'Disable',
      shortest: Number(read('DefaultSessionTimerMinimumExpirationDelay') ?? 1800),
      proposed: Number(read('DefaultSessionTimerMaximumExpirationDelay') ?? 3600),
      refresh: read('SessionRefreshRequestMethod') === 'Update' ? 'UPDATE' : 'INVITE',
    },
    hold: {
      direction: read('InteropOnHoldSdpStreamDirection') === 'Sendonly' ? 'sendonly' : 'inactive',
      address: read('InteropOnHoldSdpConnectionAddress') === 'MediaAddress' ? 'media' : 'hold',
      answer: read('InteropOnHoldAnswerSdpStreamDirection') === 'Inactive' ? 'inactive' : 'recvonly',
    },
  };
}
