// Media IP Transport: ports and security of media, as the user agent takes them at its start.
import { type Service, type Unit, X } from '../service.ts';

interface MediaSettings {
  srtp: {
    mode: 'Unsecure' | 'Secure' | 'SecureWithFallback';
    keyManagement: 'Mikey' | 'Sdes';
    encryption: 'Null' | 'AesCm128';
  };
  rtpBasePort: number;
  /** 0: shares the port of RTP. */
  srtpBasePort: number;
}

function choice<T extends string>(text: string | undefined, first: T, ...others: T[]): T {
  return [first, ...others].find(value => value === text) ?? first;
}

/** @param endpoint `Phone-Fax1`: its own settings count where Mipt.EpSpecificSecurity enables them */
export function mediaSettings(unit: Unit, endpoint?: string): MediaSettings {
  const own =
    endpoint !== undefined &&
    unit.config.running(`Mipt.EpSpecificSecurity[EpId=${endpoint}].EnableConfig`) === 'Enable';
  const read = (name: string): string | undefined =>
    unit.config.running(own ? `Mipt.EpSpecificSecurity[EpId=${endpoint}].${name}` : `Mipt.DefaultSecurity${name}`);
  const keyManagement = choice(read('KeyManagement'), 'Mikey', 'Sdes');
  const encryption = choice(read('RtpEncryption'), 'AesCm128', 'Null');
  return {
    srtp: {
      mode: choice(read('RtpMode'), 'Unsecure', 'Secure', 'SecureWithFallback'),
      keyManagement,
      // The vendor ignores Null with SDES: it stays AES.
      encryption: keyManagement === 'Sdes' ? 'AesCm128' : encryption,
    },
    rtpBasePort: Number(unit.config.running('Mipt.IpTransportRtpBasePort') ?? 5004),
    srtpBasePort: Number(unit.config.running('Mipt.IpTransportSrtpBasePort') ?? 5004),
  };
}

/** Lowest port of T.38 media and how many ports each kind may take: RTP and T.38 must not overlap (vendor text). */
const SPAN = 100;

export const mipt: Service = {
  name: 'Mipt',
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
