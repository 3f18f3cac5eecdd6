// The order in which the vendor's notes secure a unit: signalling first, then media.
import { rowsOf, type Unit } from '../../services/service.ts';

/** All rows have the transport of the first one. */
export function usesTls(unit: Unit): boolean {
  return rowsOf(unit, 'SipEp.TransportConfig', ['TlsEnable'])[0]?.TlsEnable === 'Enable';
}

/** The vendor's notes want secure signalling before secure media; the text is ours. */
export function keysInTheClear(unit: Unit): string | undefined {
  const modes = [
    unit.config.variable('Mipt.DefaultSecurityRtpMode'),
    ...rowsOf(unit, 'Mipt.EpSpecificSecurity', ['EnableConfig', 'RtpMode'])
      .filter(({ EnableConfig }) => EnableConfig === 'Enable')
      .map(({ RtpMode }) => RtpMode),
  ];
  if (usesTls(unit) || modes.every(mode => mode === undefined || mode === 'Unsecure')) return undefined;
  return 'Media is secured but SIP is not over TLS: the keys can be read on the way.';
}

/** The vendor's advice on secure media as a sentence of ours: signalling first, and fewer calls. */
export function mediaOrder(unit: Unit): string {
  const first = usesTls(unit) ? '' : 'Secure signalling comes first: enable TLS on the page SIP/Transport. ';
  return `${first}Secure media takes more of the processor: the unit carries fewer calls at the same time. NULL encrypts nothing, for tests alone.`;
}
