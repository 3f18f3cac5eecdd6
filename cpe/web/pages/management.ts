// Pages of the menu Management.
import type { Unit } from '../../services/service.ts';
import { certificateActions, certificateParts, MAX_CERTIFICATE_FORM } from '../actions/certificates.ts';
import { firmwarePage } from './firmware.ts';
import { accessPages } from './management-access.ts';
import type { Page } from './page.ts';
import { profilePage } from './profile.ts';
import { backupPage, scriptsPage } from './scripts.ts';

/** The vendor's sentence on the page of certificates after a transfer. */
function newCertificate(unit: Unit): string | undefined {
  if (!unit.config.pending.isCertificateNew) return undefined;
  return 'Note: You must restart the appropriate service before using the newly transferred certificate.';
}

export const managementPages: readonly Page[] = [
  scriptsPage,
  backupPage,
  firmwarePage,
  {
    path: '/management/certificates',
    menu: 'Management',
    tab: 'Certificates',
    warning: ({ unit }) => newCertificate(unit),
    parts: certificateParts,
    actions: certificateActions,
    maxUpload: MAX_CERTIFICATE_FORM,
  },
  ...accessPages,
  profilePage,
];
