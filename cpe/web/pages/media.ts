// Pages of the menu Media.
import { form, table, yesNo } from '../render/part.ts';
import { selectedEndpoint, type View } from '../render/view.ts';
import { codecsPage } from './codecs.ts';
import { defaultForm, endpointTable, selectEndpoint } from './endpoint-selection.ts';
import type { Page } from './page.ts';
import { keysInTheClear, mediaOrder } from './security-warning.ts';

const security: Page = {
  path: '/media/security',
  menu: 'Media',
  tab: 'Security',
  parts: [
    selectEndpoint,
    defaultForm(
      'Security',
      [
        'Mipt.DefaultSecurityRtpMode',
        'Mipt.DefaultSecurityKeyManagement',
        'Mipt.DefaultSecurityRtpEncryption',
        { name: 'Mipt.SessionUpdateCryptoMode', label: 'Keys at Session Updates' },
      ],
      { note: ({ unit }: View) => mediaOrder(unit) },
    ),
    defaultForm('T.38', [{ name: 'Mipt.AllowUnsecureT38WithSrtp', texts: yesNo }]),
    endpointTable('Security', 'Mipt.EpSpecificSecurity', ['RtpMode', 'KeyManagement', 'RtpEncryption']),
    table('Endpoints', 'Mipt.EpSpecificSecurity', ['EpId', { name: 'EnableConfig', texts: yesNo }, 'RtpMode'], {
      isReadOnly: true,
      isShown: view => selectedEndpoint(view) === '',
    }),
  ],
  warning: ({ unit }) => keysInTheClear(unit),
};

const misc: Page = {
  path: '/media/misc',
  menu: 'Media',
  tab: 'Misc',
  parts: [
    form('Base Ports', [
      { name: 'Mipt.IpTransportRtpBasePort', label: 'RTP' },
      { name: 'Mipt.IpTransportSrtpBasePort', label: 'SRTP' },
      { name: 'Mipt.IpTransportT38BasePort', label: 'T.38' },
    ]),
    selectEndpoint,
    defaultForm('Jitter Buffer', [
      { name: 'Mipt.DefaultJitterBufferLevel', label: 'Level' },
      { name: 'Mipt.DefaultJitterBufferCustomMinLength', label: 'Minimum Length' },
      { name: 'Mipt.DefaultJitterBufferCustomNomLength', label: 'Nominal Length' },
      { name: 'Mipt.DefaultJitterBufferCustomMaxLength', label: 'Maximum Length' },
    ]),
    endpointTable('Jitter Buffer', 'Mipt.EpSpecificJitterBuffer', [
      'Level',
      { name: 'CustomMinLength', label: 'Minimum Length' },
      { name: 'CustomNomLength', label: 'Nominal Length' },
      { name: 'CustomMaxLength', label: 'Maximum Length' },
    ]),
    defaultForm('DTMF Transport', [
      { name: 'Mipt.DefaultDtmfTransportMethod', label: 'Transport Method' },
      { name: 'Mipt.DefaultDtmfTransportPayloadType', label: 'Payload Type' },
    ]),
    endpointTable('DTMF Transport', 'Mipt.EpSpecificDtmfTransport', [
      { name: 'Method', label: 'Transport Method' },
      { name: 'PayloadType', label: 'Payload Type' },
    ]),
    form('RTP', [{ name: 'Mipt.EnforceSymmetricRtpEnable', label: 'Enforce Symmetric RTP' }]),
    form('Statistics', [
      { name: 'Mipt.StatsCollectionPeriodDuration', label: 'Collection Period' },
      { name: 'Mipt.StatsPerConnectionNotificationEnable', label: 'Notification at the End of a Connection' },
      { name: 'Mipt.StatsPerPeriodNotificationEnable', label: 'Notification at the End of a Period' },
    ]),
  ],
};

export const mediaPages: readonly Page[] = [codecsPage, security, misc];
