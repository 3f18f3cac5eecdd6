// Pages of the menu Media.
import { form, table, yesNo } from '../render/part.ts';
import type { Page } from './page.ts';
import { keysInTheClear } from './security-warning.ts';

export const mediaPages: readonly Page[] = [
  {
    path: '/media/security',
    menu: 'Media',
    tab: 'Security',
    parts: [
      form('Security', [
        'Mipt.DefaultSecurityRtpMode',
        'Mipt.DefaultSecurityKeyManagement',
        'Mipt.DefaultSecurityRtpEncryption',
        'Mipt.SessionUpdateCryptoMode',
      ]),
      form('T.38', [{ name: 'Mipt.AllowUnsecureT38WithSrtp', texts: yesNo }]),
      table('Endpoints', 'Mipt.EpSpecificSecurity', [
        'EpId',
        { name: 'EnableConfig', texts: yesNo },
        'RtpMode',
        'KeyManagement',
        'RtpEncryption',
      ]),
    ],
    warning: ({ unit }) => keysInTheClear(unit),
  },
];
