// The unit's settings that act on calls, in plain form.

/** The session description that puts a peer on hold, and the answer to the peer's. */
export interface HoldSettings {
  /** DGW `SipEp.InteropOnHoldSdpStreamDirection`. */
  direction: 'inactive' | 'sendonly';
  /** DGW `SipEp.InteropOnHoldSdpConnectionAddress`: `hold` writes 0.0.0.0 or ::, and acts with `inactive` alone (our reading). */
  address: 'hold' | 'media';
  /** DGW `SipEp.InteropOnHoldAnswerSdpStreamDirection`: the answer to an offer of `sendonly`. */
  answer: 'inactive' | 'recvonly';
}

export interface CallSettings {
  hold: HoldSettings;
  /** The services that the unit's own side may use: DGW `EpServ.DefaultHoldEnable`, `DefaultTransferBlindEnable`, `…AttendedEnable`. */
  services: { hold: boolean; blindTransfer: boolean; attendedTransfer: boolean };
}

/** The factory's values. */
export const factoryCallSettings: CallSettings = {
  hold: { direction: 'inactive', address: 'hold', answer: 'recvonly' },
  services: { hold: true, blindTransfer: true, attendedTransfer: true },
};
