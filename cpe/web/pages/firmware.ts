// The page Management/Firmware Upgrade.
import {
  banks,
  MAX_PACK_FORM,
  refreshWhileUpdating,
  renderProgress,
  renderUpgrade,
  upgradeActions,
} from '../actions/upgrade.ts';
import { form } from '../render/part.ts';
import type { Page } from './page.ts';

export const firmwarePage: Page = {
  path: '/management/firmware-upgrade',
  menu: 'Management',
  tab: 'Firmware Upgrade',
  maxUpload: MAX_PACK_FORM,
  actions: upgradeActions,
  refresh: refreshWhileUpdating,
  parts: [
    { kind: 'facts', heading: 'Banks', head: ['Bank', 'Name', 'Version', 'Profile'], facts: banks },
    { kind: 'custom', heading: 'Status', render: renderProgress },
    { kind: 'custom', heading: 'Actions', render: renderUpgrade },
    form('Transfer Configuration', [
      { name: 'Fpu.MfpUrl', label: 'URL' },
      { name: 'Fpu.MfpTransferUsername', label: 'User Name' },
      { name: 'Fpu.MfpTransferPassword', label: 'Password' },
      { name: 'Fpu.MfpTransferCertificateValidation', label: 'Certificate Validation' },
      { name: 'Fpu.AutomaticRestartEnable', label: 'Automatic Restart' },
      { name: 'Fpu.AutomaticRestartGraceDelay', label: 'Grace Delay' },
      { name: 'Fpu.DefaultSettingsOnInstall', label: 'Default Settings on Install' },
    ]),
  ],
};
