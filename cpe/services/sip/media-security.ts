// Security and ports of media: Mipt's settings in plain form, read when a call begins.
import type { MediaSecurity } from '../../voice/media/keying.ts';
import type { MediaSettings } from '../../voice/settings.ts';
import type { Unit } from '../service.ts';
import { type EndpointSettings, endpointSettings } from './endpoint-settings.ts';

function choice<T extends string>(text: string | undefined, first: T, ...others: T[]): T {
  return [first, ...others].find(value => value === text) ?? first;
}

function securityBy(read: EndpointSettings['read']): MediaSecurity {
  const keyManagement = choice(read('KeyManagement'), 'Mikey', 'Sdes');
  const encryption = choice(read('RtpEncryption'), 'AesCm128', 'Null');
  return {
    mode: choice(read('RtpMode'), 'Unsecure', 'Secure', 'SecureWithFallback'),
    keyManagement,
    // The vendor ignores Null with SDES: it stays AES.
    encryption: keyManagement === 'Sdes' ? 'AesCm128' : encryption,
  };
}

/** The media security of an endpoint that has its own. */
export function ownSecurity(unit: Unit, endpoint: string): MediaSecurity | undefined {
  const { own, read } = endpointSettings(unit, 'Security', endpoint);
  return own ? securityBy(read) : undefined;
}

/** @param endpoint `Phone-Fax1`; undefined for a user of the unit itself */
export function mediaSettings(unit: Unit, endpoint: string | undefined): MediaSettings {
  return {
    srtp: securityBy(endpointSettings(unit, 'Security', endpoint).read),
    sessionUpdateCryptoMode: choice(unit.config.running('Mipt.SessionUpdateCryptoMode'), 'Regenerate', 'Keep'),
    rtpBasePort: Number(unit.config.running('Mipt.IpTransportRtpBasePort') ?? 5004),
    srtpBasePort: Number(unit.config.running('Mipt.IpTransportSrtpBasePort') ?? 5004),
  };
}
