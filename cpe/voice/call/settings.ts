// The unit's settings that act on calls, in plain form.
import type { InfoDigits } from '../media/dtmf/info.ts';

/** The session description that puts a peer on hold, and the answer to the peer's. */
export interface HoldSettings {
  /** DGW `SipEp.InteropOnHoldSdpStreamDirection`. */
  direction: 'inactive' | 'sendonly';
  /** DGW `SipEp.InteropOnHoldSdpConnectionAddress`: `hold` writes 0.0.0.0 or ::, and acts with `inactive` alone (our reading). */
  address: 'hold' | 'media';
  /** DGW `SipEp.InteropOnHoldAnswerSdpStreamDirection`: the answer to an offer of `sendonly`. */
  answer: 'inactive' | 'recvonly';
}

/** DGW `SipEp.DefaultSessionTimer…`, `SessionRefreshRequestMethod`. */
export interface TimerSettings {
  /** Where it is false, no timer is proposed, and none is agreed to. */
  enabled: boolean;
  /** Seconds: the shortest session that is taken, and the one that is proposed. */
  shortest: number;
  proposed: number;
  refresh: 'INVITE' | 'UPDATE';
}

/** Reliable provisional responses (RFC 3262): DGW `SipEp.UasPrackSupport`, `UacPrackSupport`. */
export interface PrackSettings {
  uas: boolean;
  uac: 'unsupported' | 'supported' | 'required';
}

export interface CallSettings {
  hold: HoldSettings;
  info: InfoDigits;
  prack: PrackSettings;
  /** A 183 with the session goes before the 180: DGW `SipEp.InteropSend183WithSdpBefore180WithoutSdp`. */
  earlyMedia: boolean;
  timer: TimerSettings;
  /** The services that the unit's own side may use: DGW `EpServ.DefaultHoldEnable`, `DefaultTransferBlindEnable`, `…AttendedEnable`. */
  services: { hold: boolean; blindTransfer: boolean; attendedTransfer: boolean };
}

/** The factory's values. */
export const factoryCallSettings: CallSettings = {
  hold: { direction: 'inactive', address: 'hold', answer: 'recvonly' },
  info: { format: 'draft', duration: 100, emptyAnswer: 415 },
  prack: { uas: false, uac: 'unsupported' },
  earlyMedia: false,
  timer: { enabled: true, shortest: 1800, proposed: 3600, refresh: 'INVITE' },
  services: { hold: true, blindTransfer: true, attendedTransfer: true },
};
