// The page of backup and restore: images to and from the configured server, and to and from the browser's disk.
import { exportFile, installFile } from '../../services/common/file-types.ts';
import { type Action, type ActionResult, done, refused } from '../forms/action.ts';
import { html, type Markup } from '../render/markup.ts';
import { actionForm } from '../render/parts.ts';
import { mayChange, type View } from '../render/view.ts';

/** Bytes of the form with its image. */
export const MAX_IMAGE_FORM = 8 * 1024 * 1024;

const IMAGE = 'X 0090F8 Backup Image';
const CANNOT = 'Your access rights do not allow this.';

/** An action for accounts that may change the configuration as a whole. */
const guarded =
  (action: Action): Action =>
  async request =>
    mayChange(request.view, 'Conf') ? action(request) : refused(CANNOT);

const ordered =
  (command: string, text: string): Action =>
  async ({ view }) => {
    await view.unit.services.runCommand(command);
    return done(text);
  };

const save: Action = async ({ view }) => ({
  kind: 'file',
  name: `${view.unit.identity.serialNumber}.img`,
  type: 'application/octet-stream',
  bytes: await exportFile(view.unit, IMAGE),
});

const load: Action = async ({ view, files }): Promise<ActionResult> => {
  const { unit } = view;
  const file = files.get('file');
  if (!file) return refused('Choose an image first.');
  await installFile(unit, IMAGE, file.bytes, file.name, 'Web');
  // The answer leaves before the pages close.
  unit.clock.after(1000, () => {
    unit.power.reboot({ reason: 'restore' }).catch((error: unknown) => {
      unit.log.error('restart for a restore failed', { error });
    });
  });
  return done(`Image ${file.name} has been accepted. The unit restarts with it.`);
};

export const backupActions = {
  backup: guarded(ordered('conf.backupimage', 'The backup has been ordered.')),
  restore: guarded(ordered('conf.restoreimage', 'The restore has been ordered. The unit restarts with the image.')),
  save: guarded(save),
  load: guarded(load),
};

export function renderBackup(view: View): Markup {
  if (!mayChange(view, 'Conf')) return html`<p>${CANNOT}</p>`;
  const file = html`<p><label for="image-file">Image</label> <input id="image-file" type="file" name="file"></p>`;
  return html`${actionForm(view, 'backup', html`<p><button>Backup</button></p>`)}
${actionForm(view, 'restore', html`<p><button>Restore</button></p>`)}
${actionForm(view, 'save', html`<p><button>Save Image</button></p>`)}
${actionForm(view, 'load', html`${file}<p><button>Restore from File</button></p>`, true)}`;
}
