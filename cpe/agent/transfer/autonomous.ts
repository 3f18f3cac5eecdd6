// Reports of the unit's own transfers to the ACS (TR-069 A.3.3.3).
import type { Arguments } from '../../../shared/cwmp/methods.ts';
import type { Device } from '../../state/device.ts';
import type { Transfer } from '../../state/facts.ts';
import { isTrue, valueOr } from '../settings.ts';
import { unknownTime } from '../timing.ts';

/**
 * TR-181 ManagementServer.AutonomousTransferCompletePolicy. A unit whose model lacks it (the DGW's) reports each of its own transfers, as
 * before there was a policy (TR-069 Amendment 2): an operator wants to know that a script changed the unit.
 */
export function isReported(device: Device, transfer: Transfer, failed: boolean): boolean {
  const policy = `${device.model.root}ManagementServer.AutonomousTransferCompletePolicy.`;
  if (!device.model.parameters.has(`${policy}Enable`)) return true;
  if (!isTrue(device.config.get(`${policy}Enable`))) return false;
  const direction = valueOr(device, `${policy}TransferTypeFilter`, 'Both');
  const result = valueOr(device, `${policy}ResultTypeFilter`, 'Both');
  const types = valueOr(device, `${policy}FileTypeFilter`).split(',');
  return (
    (direction === 'Both' || direction === (transfer.upload ? 'Upload' : 'Download')) &&
    (result === 'Both' || result === (failed ? 'Failure' : 'Success')) &&
    types.some(type => type.trim() === transfer.args.FileType)
  );
}

export function autonomousComplete(transfer: Transfer): Arguments<'AutonomousTransferComplete'> {
  return {
    AnnounceURL: '',
    TransferURL: String(transfer.args.URL).slice(0, 1024),
    IsDownload: !transfer.upload,
    FileType: String(transfer.args.FileType),
    FileSize: transfer.size ?? 0,
    TargetFileName: '',
    FaultStruct: {
      FaultCode: transfer.fault?.code ?? 0,
      FaultString: transfer.fault?.message ?? '',
    },
    StartTime: transfer.startTime ?? unknownTime,
    CompleteTime: transfer.completeTime ?? unknownTime,
  };
}
