// Media IP Transport: ports and security of media, as the user agent takes them at its start.
import type { MediaSecurity } from '../../voice/media/keying.ts';
import type { UserAgentConfig } from '../../voice/settings.ts';
import { type Service, type Unit, X } from '../service.ts';
import { missingCodecs } from './media.ts';

type MediaSettings = Pick<UserAgentConfig, 'srtp' | 'rtpBasePort' | 'srtpBasePort' | 'sessionUpdateCryptoMode'>;

function choice<T extends string>(text: string | undefined, first: T, ...others: T[]): T {
  return [first, ...others].find(value => value === text) ?? first;
}

/**
 * Reads settings of Mipt that an endpoint may have of its own: those of its row in `Mipt.EpSpecific…` where that row is enabled, else
 * `Mipt.Default…`.
 * @param group the part of the names behind those two: `Security`, `CodecG711Mulaw`, `DtmfTransport`
 * @param endpoint `Phone-Fax1`; absent: the default
 */
export function endpointSettings(
  unit: Unit,
  group: string,
  endpoint?: string,
): { own: boolean; read: (name: string) => string | undefined } {
  const row = `Mipt.EpSpecific${group}[EpId=${endpoint}]`;
  const own = endpoint !== undefined && unit.config.running(`${row}.EnableConfig`) === 'Enable';
  return { own, read: name => unit.config.running(own ? `${row}.${name}` : `Mipt.Default${group}${name}`) };
}

function securityBy(read: (name: string) => string | undefined): MediaSecurity {
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

/** The settings of endpoints without their own. */
export function mediaSettings(unit: Unit): MediaSettings {
  return {
    srtp: securityBy(endpointSettings(unit, 'Security').read),
    sessionUpdateCryptoMode: choice(unit.config.running('Mipt.SessionUpdateCryptoMode'), 'Regenerate', 'Keep'),
    rtpBasePort: Number(unit.config.running('Mipt.IpTransportRtpBasePort') ?? 5004),
    srtpBasePort: Number(unit.config.running('Mipt.IpTransportSrtpBasePort') ?? 5004),
  };
}

const isVoiceEnable = (path: string, codec: string): boolean =>
  path.endsWith(`DefaultCodec${codec}VoiceEnable`) ||
  (path.includes(`EpSpecificCodec${codec}.`) && path.endsWith('.VoiceEnable'));

/** Lowest port of T.38 media and how many ports each kind may take: RTP and T.38 must not overlap (vendor text). */
const SPAN = 100;

export const mipt: Service = {
  name: 'Mipt',
  apply(unit, { changes, source }) {
    if (source === 'unit') return;
    for (const codec of missingCodecs) {
      const enabled = changes.some(({ path, value }) => isVoiceEnable(path, codec) && value === 'Enable');
      if (enabled) unit.log.info('codec setting kept, codec not offered', { codec });
    }
  },
  check(unit, draft, problem) {
    const path = `${unit.model.root}${X}Mipt.IpTransport`;
    const names = ['RtpBasePort', 'SrtpBasePort', 'T38BasePort'];
    if (!names.some(name => draft.touched.has(path + name))) return;
    const read = (name: string): number => {
      const found = draft.find(path + name);
      return found ? Number(draft.value(path + name, found)) : 0;
    };
    const t38 = read('T38BasePort');
    for (const name of ['RtpBasePort', 'SrtpBasePort']) {
      const port = read(name);
      if (port !== 0 && Math.abs(port - t38) < SPAN)
        problem(path + name, 9007, `the ports would overlap those of T.38 (${t38})`);
    }
  },
};
