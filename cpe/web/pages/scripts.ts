// The page Management/Configuration Scripts.
import { backupActions, MAX_IMAGE_FORM, renderBackup } from '../actions/backup.ts';
import { MAX_SCRIPT_FORM, renderExport, renderFetch, renderRun, scriptActions } from '../actions/scripts.ts';
import { form } from '../render/part.ts';
import type { Page } from './page.ts';

export const scriptsPage: Page = {
  path: '/management/configuration-scripts',
  menu: 'Management',
  tab: 'Configuration Scripts',
  maxUpload: MAX_SCRIPT_FORM,
  actions: scriptActions,
  parts: [
    form('Results', [
      { name: 'Conf.ScriptsStatsCurrentTransferState', label: 'Transfer State' },
      { name: 'Conf.ScriptsStatsLastTransferResult', label: 'Last Transfer Result' },
      { name: 'Conf.ScriptsStatsLastTransferDateTime', label: 'Last Transfer' },
      { name: 'Conf.ScriptsStatsLastExportResult', label: 'Last Export Result' },
      { name: 'Conf.ScriptsStatsLastExportDateTime', label: 'Last Export' },
    ]),
    { kind: 'custom', heading: 'Execute a Script', render: renderRun },
    { kind: 'custom', heading: 'Execute the Configured Scripts', render: renderFetch },
    { kind: 'custom', heading: 'Export', render: renderExport },
    form('Export Configuration', [
      { name: 'Conf.ScriptExportContent', label: 'Content' },
      { name: 'Conf.ScriptExportServiceName', label: 'Service' },
      { name: 'Conf.ScriptExportUrl', label: 'URL' },
    ]),
    form('Transfer Configuration', [
      { name: 'Conf.ScriptGenericFileName', label: 'Generic File Name' },
      { name: 'Conf.ScriptSpecificFileName', label: 'Specific File Name' },
      { name: 'Conf.ScriptsTransferProtocol', label: 'Transfer Protocol' },
      { name: 'Conf.ScriptsTransferSrvHostname', label: 'Host Name' },
      { name: 'Conf.ScriptsLocation', label: 'Location' },
      { name: 'Conf.ScriptsTransferUsername', label: 'User Name' },
      { name: 'Conf.ScriptsTransferPassword', label: 'Password' },
      { name: 'Conf.ScriptsTransferCertificateValidation', label: 'Certificate Validation' },
      { name: 'Conf.ScriptsSecretKey', label: 'Secret Key' },
      { name: 'Conf.ScriptsTransferRetriesNumber', label: 'Number of Retries' },
      { name: 'Conf.ScriptsAllowRepeatedExecution', label: 'Allow Repeated Execution' },
    ]),
    form('Automatic Transfer', [
      { name: 'Conf.ScriptsTransferOnRestartEnable', label: 'On Restart' },
      { name: 'Conf.ScriptsTransferPeriodicEnable', label: 'Periodically' },
      { name: 'Conf.ScriptsTransferPeriodicTimeUnit', label: 'Time Unit' },
      { name: 'Conf.ScriptsTransferInterval', label: 'Period' },
      { name: 'Conf.ScriptsTransferTimeRange', label: 'Time Range' },
      { name: 'Conf.ScriptsDhcpDownloadEnable', label: 'By DHCP' },
    ]),
  ],
};

export const backupPage: Page = {
  path: '/management/backup-restore',
  menu: 'Management',
  tab: 'Backup / Restore',
  maxUpload: MAX_IMAGE_FORM,
  actions: backupActions,
  parts: [
    form('Status', [
      { name: 'Conf.ImageBackupStatus', label: 'Backup' },
      { name: 'Conf.ImageRestoreStatus', label: 'Restore' },
    ]),
    { kind: 'custom', heading: 'Actions', render: renderBackup },
    form('Image Configuration', [
      { name: 'Conf.ImageFileName', label: 'File Name' },
      { name: 'Conf.ImageBackupContent', label: 'Backup Content' },
      { name: 'Conf.ImageTransferProtocol', label: 'Transfer Protocol' },
      { name: 'Conf.ImageTransferSrvHostname', label: 'Host Name' },
      { name: 'Conf.ImageLocation', label: 'Location' },
      { name: 'Conf.ImageTransferUsername', label: 'User Name' },
      { name: 'Conf.ImageTransferPassword', label: 'Password' },
      { name: 'Conf.ImagePrivacyAlgo', label: 'Privacy Algorithm' },
      { name: 'Conf.ImageSecretKey', label: 'Secret Key' },
    ]),
  ],
};
