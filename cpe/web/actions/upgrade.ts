// The page of firmware upgrades: the banks, the fetch of the configured pack with its progress, a pack from the browser's disk, rollback.
import { installFile } from '../../services/common/file-types.ts';
import { isFirmware, ownTransfer, progressOf } from '../../services/configuration/own-transfers.ts';
import { rowsOf } from '../../services/service.ts';
import { type Action, type ActionResult, done, refused } from '../forms/action.ts';
import { html, type Markup } from '../render/markup.ts';
import { actionForm } from '../render/parts.ts';
import { mayChange, type View } from '../render/view.ts';

/** Bytes of the form with its pack. */
export const MAX_PACK_FORM = 64 * 1024 * 1024;

const FIRMWARE = '1 Firmware Upgrade Image';
const CANNOT = 'Your access rights do not allow this.';

/** An action for accounts that may change the firmware. */
const guarded =
  (action: Action): Action =>
  async request =>
    mayChange(request.view, 'Fpu') ? action(request) : refused(CANNOT);

const fetchPack: Action = async ({ view }): Promise<ActionResult> => {
  if (ownTransfer(view.unit, isFirmware)) return refused('A firmware pack is being transferred.');
  await view.unit.services.runCommand('fpu.install');
  return { kind: 'go', path: view.path };
};

function restartSoon({ unit }: View): ActionResult {
  // The answer leaves before the pages close.
  unit.clock.after(1000, () => {
    unit.power
      .reboot({ reason: 'page' })
      .catch((error: unknown) => unit.log.error('restart by a page failed', { error }));
  });
  return done('The unit restarts.');
}

const upload: Action = async ({ view, files }): Promise<ActionResult> => {
  const file = files.get('file');
  if (!file) return refused('Choose a firmware pack first.');
  // As a pack that the unit fetched: Fpu.AutomaticRestartEnable decides.
  const outcome = await installFile(view.unit, FIRMWARE, file.bytes, file.name, 'Web');
  if (outcome.status === 'reboot') return restartSoon(view);
  return done(`Firmware pack ${file.name} has been installed. It runs from the next restart on.`);
};

const rollBack: Action = async ({ view }): Promise<ActionResult> => {
  await view.unit.services.runCommand('fpu.rollback');
  return done('The unit restarts with the firmware pack of the other bank.');
};

const restart: Action = async ({ view }) => restartSoon(view);

export const upgradeActions = {
  install: guarded(fetchPack),
  upload: guarded(upload),
  rollback: guarded(rollBack),
  restart: guarded(restart),
};

export const banks = ({ unit }: View): string[][] =>
  rowsOf(unit, 'Fpu.MfpInstalledInfo', ['MfpBank', 'MfpName', 'MfpVersion', 'MfpProfileName']).map(row => [
    row.MfpBank,
    row.MfpName,
    row.MfpVersion,
    row.MfpProfileName,
  ]);

const isUpdating = ({ unit }: View): boolean => unit.config.variable('Fpu.Status') === 'Updating';

/** Seconds after which the page is loaded again while a transfer runs. */
export const refreshWhileUpdating = (view: View): number | undefined => (isUpdating(view) ? 2 : undefined);

export function renderProgress(view: View): Markup {
  const { unit } = view;
  const read = (name: string): string => unit.config.variable(`Fpu.${name}`) ?? '';
  const state = html`<p>Status: <strong role="status">${read('Status')}</strong>. Last installation: ${read('MfpLastInstallationResult')} ${read('MfpLastInstallationDateTime')}</p>`;
  const transfer = ownTransfer(unit, isFirmware);
  if (!transfer) return state;
  const moved = progressOf(transfer);
  const total = moved?.total ?? 0;
  const text = `${moved?.done ?? 0}${total > 0 ? ` of ${total}` : ''} bytes`;
  const bar =
    total > 0
      ? html`<progress aria-label="Progress of the transfer" max="${total}" value="${moved?.done ?? 0}"></progress>`
      : html`<progress aria-label="Progress of the transfer"></progress>`;
  return html`${state}<p>${bar} ${text}</p>`;
}

export function renderUpgrade(view: View): Markup {
  if (!mayChange(view, 'Fpu')) return html`<p>${CANNOT}</p>`;
  const isBusy = isUpdating(view);
  const fetchForm = actionForm(view, 'install', html`<p><button${isBusy && html` disabled`}>Install Now</button></p>`);
  const file = html`<p><label for="pack-file">Firmware pack</label> <input id="pack-file" type="file" name="file"></p>`;
  const uploadForm = actionForm(view, 'upload', html`${file}<p><button>Upload &amp; Install</button></p>`, true);
  const hasRollback = view.unit.config.variable('Fpu.MfpRollbackAvailable') === 'Yes';
  const back = hasRollback && actionForm(view, 'rollback', html`<p><button>Rollback</button></p>`);
  const isWaiting = view.unit.config.variable('Fpu.Status') === 'WaitingManualRestart';
  const again = isWaiting && actionForm(view, 'restart', html`<p><button>Restart Unit</button></p>`);
  return html`${fetchForm}${uploadForm}${back}${again}`;
}
