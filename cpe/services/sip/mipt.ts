// Media IP Transport: checks and reports of its settings, which calls read when they begin.
import { hasReadableKeys } from '../../voice/settings.ts';
import { type Service, type Unit, X } from '../service.ts';
import { userAgentConfigs } from './config.ts';
import { missingCodecs } from './media.ts';
import { endCalls } from './sipep.ts';

const isVoiceEnable = (path: string, codec: string): boolean =>
  path.endsWith(`DefaultCodec${codec}VoiceEnable`) ||
  (path.includes(`EpSpecificCodec${codec}.`) && path.endsWith('.VoiceEnable'));

/** Lowest port of T.38 media and how many ports each kind may take: RTP and T.38 must not overlap (vendor text). */
const SPAN = 100;

/** The settings count from the next call on; the SIP endpoint reports those that it starts with. */
function reportSecurity(unit: Unit): void {
  if (!unit.services.started('SipEp')) return;
  for (const config of userAgentConfigs(unit))
    if (hasReadableKeys(config)) unit.notify('secureWithoutTls', { gateway: config.gateway });
}

export const mipt: Service = {
  name: 'Mipt',
  stop: endCalls,
  apply(unit, { changes, source }) {
    if (changes.some(({ path }) => /_Mipt\.(?:DefaultSecurity|EpSpecificSecurity\.)/.test(path))) reportSecurity(unit);
    if (source === 'unit') return;
    for (const codec of missingCodecs) {
      const enabled = changes.some(({ path, value }) => isVoiceEnable(path, codec) && value === 'Enable');
      if (enabled) unit.log.info('codec not offered', { codec });
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
