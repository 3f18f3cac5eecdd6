// The transfers of images, exported scripts and firmware packs that the settings name, in both directions.
import { UserError } from '../../../shared/errors.ts';
import { BACKUP_IMAGE } from '../../agent/transfer/queue.ts';

import type { OwnTransfer, Transfer } from '../../state/facts.ts';
import { expandMacros, fetchOwn, joined, type Place, parted } from '../autonomous-scripts.ts';
import { hostPort, type Unit } from '../service.ts';

const FIRMWARE = '1 Firmware Upgrade Image';

/** Where the image of a unit is, by Conf.Image*. @throws UserError when no server or no file is named */
function imagePlace(unit: Unit): Place {
  const read = (name: string): string => unit.config.variable(`Conf.Image${name}`) ?? '';
  const { host, port } = hostPort(read('TransferSrvHostname'));
  if (host === '' || host === '0.0.0.0')
    throw new UserError(400, 'no-url', 'Conf.ImageTransferSrvHostname names no server');
  if (read('FileName') === '') throw new UserError(400, 'no-file', 'Conf.ImageFileName names no file');
  const server = `${host.includes(':') ? `[${host}]` : host}${port === 0 ? '' : `:${port}`}`;
  const path = expandMacros(unit, joined(server, read('Location'), read('FileName')));
  return {
    url: `${read('TransferProtocol').toLowerCase()}://${path}`,
    username: read('TransferUsername'),
    password: read('TransferPassword'),
  };
}

/** A URL with its macros; a user name within it wins over the one of the settings. @throws UserError */
function urlPlace(unit: Unit, name: string, login: Pick<Place, 'username' | 'password'>): Place {
  const place = parted(expandMacros(unit, unit.config.variable(name) ?? ''));
  if (!place) throw new UserError(400, 'no-url', `${name} is no URL`);
  return place.username === '' ? { ...place, ...login } : place;
}

const order = (unit: Unit, transfer: OwnTransfer): Promise<void> => fetchOwn(unit, [transfer]);

/** Sends an image of the configuration. Queued durably when resolved. @throws UserError */
export const backUp = (unit: Unit): Promise<void> =>
  order(unit, { origin: 'Image', fileType: BACKUP_IMAGE, retries: 0, upload: true, ...imagePlace(unit) });

/** Fetches an image; the unit restarts with it. @throws UserError */
export const restore = (unit: Unit): Promise<void> =>
  order(unit, { origin: 'Image', fileType: BACKUP_IMAGE, retries: 0, ...imagePlace(unit) });

/** Sends the configuration as a script to Conf.ScriptExportUrl. @throws UserError */
export function exportToUrl(unit: Unit): Promise<void> {
  const login = {
    username: unit.config.variable('Conf.ScriptsTransferUsername') ?? '',
    password: unit.config.variable('Conf.ScriptsTransferPassword') ?? '',
  };
  const place = urlPlace(unit, 'Conf.ScriptExportUrl', login);
  return order(unit, { origin: 'Export', fileType: '1 Vendor Configuration File', retries: 0, upload: true, ...place });
}

/** Fetches the firmware pack of Fpu.MfpUrl. @throws UserError */
export function installPack(unit: Unit): Promise<void> {
  const login = {
    username: unit.config.variable('Fpu.MfpTransferUsername') ?? '',
    password: unit.config.variable('Fpu.MfpTransferPassword') ?? '',
  };
  return order(unit, { origin: 'Mfp', fileType: FIRMWARE, retries: 0, ...urlPlace(unit, 'Fpu.MfpUrl', login) });
}

const isOpen = ({ kind, state }: Transfer): boolean => kind === 'Autonomous' && state !== 'ended';

/** The open transfer of the unit's own firmware pack or scripts, if there is one. */
export const ownTransfer = (unit: Unit, wants: (transfer: Transfer) => boolean): Transfer | undefined =>
  unit.state.facts.transfers.find(transfer => isOpen(transfer) && wants(transfer));

export const isFirmware = ({ args }: Transfer): boolean => args.FileType === FIRMWARE;
export const isScript = ({ args, upload }: Transfer): boolean =>
  args.FileType === '3 Vendor Configuration File' && !upload;
export const isExport = ({ origin }: Transfer): boolean => origin === 'Export';

export { progressOf } from '../../agent/transfer/progress.ts';
