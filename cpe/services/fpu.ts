// Firmware Pack Updater: checks an image, keeps it in the bank that is not in use, and swaps the banks at the next boot.
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import { messageOf } from '../../shared/errors.ts';
import { FirmwareError, type FirmwareImage, unpackFirmware } from '../../shared/firmware.ts';
import type { Bank } from '../state/snapshot.ts';
import { profileName } from './common/product.ts';
import { localOf, type Service, showTime, type Unit, X } from './service.ts';

/**
 * Accepts a firmware image; it runs from the next boot on.
 * @throws CwmpFault 9018: no image, truncated, altered, or for another product
 */
export async function installFirmware(unit: Unit, bytes: Buffer): Promise<void> {
  let bank: Bank;
  try {
    bank = checkImage(unit, bytes);
  } catch (error) {
    await unit.state.remember(facts => {
      facts.install = { result: 'Fail', at: showTime(unit.now()) };
    });
    unit.notify('firmwareRefused', { reason: messageOf(error) });
    throw error;
  }
  await unit.state.remember(facts => {
    facts.pendingFirmware = bank;
  });
  unit.notify('firmwareReceived', { version: bank.version });
}

function checkImage(unit: Unit, bytes: Buffer): Bank {
  let image: FirmwareImage;
  try {
    image = unpackFirmware(bytes);
  } catch (error) {
    if (!(error instanceof FirmwareError)) throw error;
    // Only with the option: any bytes count as an image of the version in use.
    if (unit.anyFirmware) return { product: unit.identity.productClass, version: unit.softwareVersion };
    throw new CwmpFault(9018, error.message);
  }
  if (image.product !== unit.identity.productClass && !unit.anyFirmware) {
    throw new CwmpFault(9018, `the image is for ${image.product}, this unit is a ${unit.identity.productClass}`);
  }
  return { product: image.product, version: image.version };
}

/** At boot: the installed pack becomes the one in use, the former one can be rolled back to. @returns whether it did */
export async function swapBanks(unit: Unit, current: Bank): Promise<boolean> {
  if (!unit.state.unitFacts.pendingFirmware) return false;
  await unit.state.remember(facts => {
    if (!facts.pendingFirmware) return;
    facts.recovery = facts.firmware ?? current;
    facts.firmware = facts.pendingFirmware;
    delete facts.pendingFirmware;
    facts.install = { result: 'Success', at: showTime(unit.now()) };
  });
  return true;
}

/** Row 1: the bank in use, row 2: the other one. */
const banks = (unit: Unit): (Bank | undefined)[] => [
  { product: unit.identity.productClass, version: unit.softwareVersion },
  unit.state.unitFacts.pendingFirmware ?? unit.state.unitFacts.recovery,
];

const shown = (unit: Unit): number[] => (banks(unit)[1] ? [1, 2] : [1]);

export const fpu: Service = {
  name: 'Fpu',
  values: {
    [`${X}Fpu.Status`]: unit => (unit.state.unitFacts.pendingFirmware ? 'WaitingManualRestart' : 'Idle'),
    [`${X}Fpu.MfpLastInstallationResult`]: unit => unit.state.unitFacts.install?.result ?? 'None',
    [`${X}Fpu.MfpLastInstallationDateTime`]: unit => localOf(unit, unit.state.unitFacts.install?.at),
    [`${X}Fpu.MfpRollbackAvailable`]: unit => (unit.state.unitFacts.recovery ? 'Yes' : 'No'),
    [`${X}Fpu.MfpInstalledInfo.{i}.Index`]: (_unit, [row = 1]) => String(row),
    [`${X}Fpu.MfpInstalledInfo.{i}.MfpName`]: () => 'Dgw',
    [`${X}Fpu.MfpInstalledInfo.{i}.MfpVersion`]: (unit, [row = 1]) => banks(unit)[row - 1]?.version ?? '',
    [`${X}Fpu.MfpInstalledInfo.{i}.MfpBank`]: (_unit, [row = 1]) => (row === 1 ? 'MainInUse' : 'Recovery'),
    [`${X}Fpu.MfpInstalledInfo.{i}.MfpProfileName`]: profileName,
  },
  rows: { [`${X}Fpu.MfpInstalledInfo.`]: shown },
};
