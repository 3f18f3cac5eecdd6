// The outcomes of the unit's own transfers, as Conf and Fpu show and report them.
import type { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { Transfer } from '../../state/facts.ts';
import { showTime, type Unit } from '../service.ts';
import { isFirmware } from './own-transfers.ts';

/** @param fault why it failed */
export async function transferEnded(unit: Unit, transfer: Transfer, fault: CwmpFault | undefined): Promise<void> {
  const url = String(transfer.args.URL);
  if (transfer.origin === 'Image') return imageEnded(unit, transfer, url, fault);
  if (transfer.origin === 'Export') return exportEnded(unit, url, fault);
  // Once the bytes are there, their installation reports.
  if (transfer.stored) return;
  if (fault) await fetchFailed(unit, transfer, url, fault.message);
}

async function imageEnded(unit: Unit, transfer: Transfer, url: string, fault: CwmpFault | undefined): Promise<void> {
  if (transfer.upload) {
    await unit.state.remember(facts => {
      facts.imageBackup = { result: fault ? 'Failed' : 'Success' };
    });
    if (fault) unit.notify('imageBackupFailed', { reason: fault.message });
    else unit.notify('imageBackedUp', { url });
    return;
  }
  // An image that is fine is applied, and reported, by the next start.
  if (!fault) return;
  await unit.state.remember(facts => {
    facts.imageRestore = { result: 'LoadFailed', isReported: true };
  });
  unit.notify('imageRestoreFailed', { reason: fault.message });
}

async function exportEnded(unit: Unit, url: string, fault: CwmpFault | undefined): Promise<void> {
  await unit.state.remember(facts => {
    facts.exported = { result: fault ? 'TransferFailed' : 'Success', at: showTime(unit.now()) };
  });
  if (fault) unit.notify('scriptExportFailed', { reason: fault.message });
  else unit.notify('scriptExported', { url });
}

async function fetchFailed(unit: Unit, transfer: Transfer, url: string, reason: string): Promise<void> {
  const at = showTime(unit.now());
  if (isFirmware(transfer)) {
    await unit.state.remember(facts => {
      facts.install = { result: 'Fail', at };
    });
    unit.notify('firmwareTransferFailed', { url, reason });
    return;
  }
  await unit.state.remember(facts => {
    facts.script = { result: 'TransferFailed', at };
  });
  unit.notify('scriptTransferFailed', { url, reason });
}

/** Reports a restore that the last start carried out, once there is a service to report it. */
export async function reportRestore(unit: Unit): Promise<void> {
  const done = unit.state.unitFacts.imageRestore;
  if (!done || done.isReported) return;
  await unit.state.remember(facts => {
    if (facts.imageRestore) facts.imageRestore.isReported = true;
  });
  if (done.result === 'Success') unit.notify('imageRestored', {});
  else unit.notify('imageRestoreFailed', { reason: 'it does not fit this unit' });
}
