// Files by their TR-069 FileType: installation of downloads, content of uploads.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { BACKUP_IMAGE } from '../../agent/transfer/queue.ts';
import type { InstallOutcome } from '../../state/device.ts';
import { captureFile } from '../capture/packet-capture.ts';
import { installCertificate } from '../cert.ts';
import { exportConfiguration, installScript } from '../conf.ts';
import { backupImage, takeImage } from '../configuration/image.ts';
import { installOrdered, installOwn } from '../fpu.ts';
import { exportLog, logFilesOf } from '../nlm.ts';
import type { Unit } from '../service.ts';

/** The services that take files; one that is being restarted takes none. */
const takers: readonly (readonly [RegExp, string])[] = [
  [/^1 Firmware Upgrade Image$/, 'Fpu'],
  [/^3 Vendor Configuration File$/, 'Conf'],
  [/^X 0090F8 Certificate$/, 'Cert'],
];

/** Installs a download, TR-069 A.3.2.8; the vendor type for certificates is our choice. @throws CwmpFault 9003, 9010, 9018 */
export async function installFile(
  unit: Unit,
  fileType: string,
  bytes: Buffer,
  target: string,
  origin?: string,
): Promise<InstallOutcome> {
  for (const [type, service] of takers)
    if (type.test(fileType) && unit.services.isStopped(service))
      throw new CwmpFault(9002, `the service ${service} is stopped`);
  if (/^1 Firmware Upgrade Image$/.test(fileType)) {
    return origin === undefined ? installOrdered(unit, bytes) : installOwn(unit, bytes, origin);
  }
  const isDgw = unit.model.services.length > 0;
  if (isDgw && fileType === '3 Vendor Configuration File') return installScript(unit, bytes, origin);
  if (isDgw && fileType === BACKUP_IMAGE) {
    await takeImage(unit, bytes);
    return { status: 'reboot' };
  }
  if (isDgw && fileType === 'X 0090F8 Certificate') await installCertificate(unit, bytes, target);
  else throw new CwmpFault(9003, `there is no use for a file of type '${fileType}'`);
  return { status: 'applied' };
}

/** The content of an upload, TR-069 A.4.1.5. @throws CwmpFault 9003 */
export async function exportFile(unit: Unit, fileType: string): Promise<Buffer> {
  if (/^(1 Vendor Configuration File|3 Vendor Configuration File \d+)$/.test(fileType)) {
    const { values, tables } = unit.config.layers.own;
    return exportConfiguration(unit, values, path => values.has(path) || tables.has(path));
  }
  // Instance 1 is the local log; the files of Log to File follow, newest first.
  const logFile = logFilesOf(unit)[Number(/^4 Vendor Log File (\d{1,2})$/.exec(fileType)?.[1] ?? 0) - 2];
  if (logFile) return Buffer.from(logFile.text);
  if (fileType === BACKUP_IMAGE) return backupImage(unit);
  if (/^(2 Vendor Log File|4 Vendor Log File \d+)$/.test(fileType)) return exportLog(unit);
  if (fileType === 'X 0090F8 Packet Capture') return captureFile(unit);
  throw new CwmpFault(9003, `there is no file of type '${fileType}'`);
}
