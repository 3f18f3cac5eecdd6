// Pages of the menu Management.
import type { Unit } from '../../services/service.ts';
import { table } from '../render/part.ts';
import type { Page } from './page.ts';

/** The vendor's sentence on the page of certificates after a transfer. */
function newCertificate(unit: Unit): string | undefined {
  if (!unit.config.pending.isCertificateNew) return undefined;
  return 'Note: You must restart the appropriate service before using the newly transferred certificate.';
}

export const managementPages: readonly Page[] = [
  {
    path: '/management/certificates',
    menu: 'Management',
    tab: 'Certificates',
    warning: ({ unit }) => newCertificate(unit),
    parts: [
      table('Host', 'Cert.HostCertificatesInfo', ['FileName', 'IssuedTo', 'IssuedBy', 'ValidTo', 'Usage'], {
        hasDelete: true,
      }),
      table(
        'Others',
        'Cert.OthersCertificatesInfo',
        ['FileName', 'IssuedTo', 'IssuedBy', 'ValidTo', 'CertificateAuthority'],
        {
          hasDelete: true,
        },
      ),
    ],
  },
];
