// Firmware Pack Updater: checks an image, keeps it in the bank that is not in use, and swaps the banks at the next boot. A pack that does
// not start leaves the unit with the other bank.
import { createHash } from 'node:crypto';
import type { Timer } from '../../shared/clock.ts';
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import { messageOf, UserError } from '../../shared/errors.ts';
import { FirmwareError, type FirmwareImage, unpackFirmware } from '../../shared/firmware.ts';
import type { InstallOutcome } from '../state/device.ts';
import type { Bank } from '../state/snapshot.ts';
import { profileName } from './common/product.ts';
import { installPack, isFirmware, ownTransfer } from './configuration/own-transfers.ts';
import { localOf, peekSlot, type Service, showTime, slotOf, type Unit, X } from './service.ts';
import { callsOf } from './sip/sipep.ts';

interface FpuState {
  /** Until the restart that waits for calls to end. */
  timer?: Timer | undefined;
}

/** A payload that begins so is one that does not start; for tests of a rescue. */
const FAULTY = Buffer.from('TANDEM-DOES-NOT-START', 'latin1');
/** Milliseconds between looks at the calls, while a restart waits for them. */
const GRACE_STEP = 5000;
/** Milliseconds before a restart that a script or a page orders: they end first. */
const SOON = 1000;

/** A pack that the ACS sent: the unit restarts with it. @throws CwmpFault 9018: no image, truncated, altered, or for another product */
export async function installOrdered(unit: Unit, bytes: Buffer): Promise<InstallOutcome> {
  await install(unit, bytes);
  return { status: 'reboot' };
}

/**
 * A pack that the unit fetched by itself; Fpu.AutomaticRestartEnable says whether it restarts.
 * @param origin of the transfer: one that DHCP names is installed once only
 * @throws CwmpFault 9018
 */
export async function installOwn(unit: Unit, bytes: Buffer, origin: string): Promise<InstallOutcome> {
  const { firmware } = unit.state.unitFacts;
  if (/^\d+$/.test(origin) && firmware?.sha256 === digest(bytes)) return { status: 'unchanged' };
  await install(unit, bytes);
  if (unit.config.variable('Fpu.AutomaticRestartEnable') !== 'Enable') return { status: 'applied' };
  const grace = Number(unit.config.variable('Fpu.AutomaticRestartGraceDelay') ?? 0) * 60_000;
  if (grace === 0 || callsOf(unit) === 0) return { status: 'reboot' };
  restartWithin(unit, grace);
  return { status: 'applied' };
}

/** Restarts once no call is up, at the latest after `left` milliseconds. */
function restartWithin(unit: Unit, left: number): void {
  const own = slotOf<FpuState>(unit, fpu, () => ({}));
  own.timer?.cancel();
  own.timer = unit.clock.after(Math.min(left, GRACE_STEP), () => {
    own.timer = undefined;
    if (left > GRACE_STEP && callsOf(unit) > 0) {
      restartWithin(unit, left - GRACE_STEP);
      return;
    }
    unit.power.reboot({ reason: 'firmware' }).catch((error: unknown) => {
      unit.log.error('restart into the firmware failed', { error });
    });
  });
}

/** The head of an image names the SHA-256 of the whole, which is checked already. */
const digest = (bytes: Buffer): string => createHash('sha256').update(bytes.subarray(0, 4096)).digest('hex');

/** Keeps an image in the bank that is not in use; it runs from the next boot on. @throws CwmpFault 9018 */
async function install(unit: Unit, bytes: Buffer): Promise<void> {
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
    delete facts.isRollback;
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
  const isFaulty = image.payload.subarray(0, FAULTY.length).equals(FAULTY);
  return {
    product: image.product,
    version: image.version,
    sha256: digest(bytes),
    ...(isFaulty && { isFaulty }),
  };
}

/** The bank that the unit runs; undefined: the firmware that it was made with. */
export const runningBank = ({ isRescued, firmware, recovery }: Unit['state']['unitFacts']): Bank | undefined =>
  isRescued ? recovery : firmware;

/**
 * At boot: the installed pack becomes the one in use, the former one can be rolled back to. A pack that does not start is
 * left at once: the unit runs the other one. One durable write, so that a power cut finds one whole bank or the other.
 * @returns whether the firmware in use may have changed
 */
export async function swapBanks(unit: Unit, current: Bank): Promise<boolean> {
  const { pendingFirmware } = unit.state.unitFacts;
  if (!pendingFirmware) return false;
  await unit.state.remember(facts => {
    const former = runningBank(facts) ?? current;
    facts.recovery = former;
    facts.firmware = pendingFirmware;
    delete facts.pendingFirmware;
    delete facts.isRollback;
    delete facts.isRescued;
    if (pendingFirmware.isFaulty) facts.isRescued = true;
    facts.install = { result: pendingFirmware.isFaulty ? 'Fail' : 'Success', at: showTime(unit.now()) };
  });
  return true;
}

/** The first boot into a pack reports how that went, once there is a service to report it. */
export function reportBoot(unit: Unit): void {
  const { isRescued, firmware } = unit.state.unitFacts;
  if (isRescued) unit.notify('firmwareRescued', { version: firmware?.version ?? '', running: unit.softwareVersion });
  else unit.notify('firmwareStarted', { version: unit.softwareVersion });
}

/** Returns to the pack of the other bank, by a restart. @throws UserError when there is none */
async function rollBack(unit: Unit): Promise<void> {
  const { recovery, isRescued } = unit.state.unitFacts;
  if (!recovery || isRescued) throw new UserError(409, 'no-rollback', 'there is no firmware to return to');
  await unit.state.remember(facts => {
    facts.pendingFirmware = recovery;
    facts.isRollback = true;
  });
  unit.notify('firmwareRollback', { version: recovery.version });
  restartWithin(unit, SOON);
}

/** Row 1: the main bank, row 2: the recovery bank. */
const banks = (unit: Unit): (Bank | undefined)[] => {
  const { isRescued, firmware, pendingFirmware, recovery } = unit.state.unitFacts;
  const running = { product: unit.identity.productClass, version: unit.softwareVersion };
  return isRescued ? [pendingFirmware ?? firmware, recovery] : [running, pendingFirmware ?? recovery];
};

const bankNames = (unit: Unit): readonly [string, string] =>
  unit.state.unitFacts.isRescued ? ['Main', 'RecoveryInUse'] : ['MainInUse', 'Recovery'];

const shown = (unit: Unit): number[] => (banks(unit)[1] ? [1, 2] : [1]);

function status(unit: Unit): string {
  const { pendingFirmware, isRollback } = unit.state.unitFacts;
  if (ownTransfer(unit, isFirmware)) return 'Updating';
  if (isRollback) return 'Rollbacking';
  if (peekSlot<FpuState>(unit, fpu)?.timer) return 'WaitingForGracefulRestart';
  if (pendingFirmware) return 'WaitingManualRestart';
  return 'Idle';
}

export const fpu: Service = {
  name: 'Fpu',
  values: {
    [`${X}Fpu.Status`]: status,
    [`${X}Fpu.MfpLastInstallationResult`]: unit => unit.state.unitFacts.install?.result ?? 'None',
    [`${X}Fpu.MfpLastInstallationDateTime`]: unit => localOf(unit, unit.state.unitFacts.install?.at),
    [`${X}Fpu.MfpRollbackAvailable`]: ({ state: { unitFacts } }) =>
      unitFacts.recovery && !unitFacts.isRescued ? 'Yes' : 'No',
    [`${X}Fpu.MfpInstalledInfo.{i}.Index`]: (_unit, [row = 1]) => String(row),
    [`${X}Fpu.MfpInstalledInfo.{i}.MfpName`]: () => 'Dgw',
    [`${X}Fpu.MfpInstalledInfo.{i}.MfpVersion`]: (unit, [row = 1]) => banks(unit)[row - 1]?.version ?? '',
    [`${X}Fpu.MfpInstalledInfo.{i}.MfpBank`]: (unit, [row = 1]) => bankNames(unit)[row === 1 ? 0 : 1],
    [`${X}Fpu.MfpInstalledInfo.{i}.MfpProfileName`]: profileName,
  },
  rows: { [`${X}Fpu.MfpInstalledInfo.`]: shown },
  stop(unit) {
    const own = peekSlot<FpuState>(unit, fpu);
    own?.timer?.cancel();
    if (own) own.timer = undefined;
  },
  // The vendor's names of these commands are not public.
  commands: {
    'fpu.install': installPack,
    'fpu.rollback': rollBack,
  },
};
