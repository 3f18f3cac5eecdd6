// The page of configuration scripts: run one from the browser's disk, fetch and run the configured ones, export.
import { exportFile, installFile } from '../../services/common/file-types.ts';
import { type Action, type ActionResult, done, refused } from '../forms/action.ts';
import { html, type Markup } from '../render/markup.ts';
import { actionForm } from '../render/parts.ts';
import { mayChange, type View } from '../render/view.ts';

/** Bytes of the form with its script. */
export const MAX_SCRIPT_FORM = 1_048_576;

const SCRIPT = '3 Vendor Configuration File';
const CANNOT = 'Your access rights do not allow this.';

/** An action for accounts that may change the configuration as a whole. */
const guarded =
  (action: Action): Action =>
  async request =>
    mayChange(request.view, 'Conf') ? action(request) : refused(CANNOT);

const run: Action = async ({ view, files }): Promise<ActionResult> => {
  const file = files.get('file');
  if (!file) return refused('Choose a script first.');
  await installFile(view.unit, SCRIPT, file.bytes, file.name);
  return done(`Script ${file.name} has been executed.`);
};

const fetchAll: Action = async ({ view }) => {
  await view.unit.services.runCommand('conf.configuredscriptstransferandrun');
  const { config } = view.unit;
  const result = config.variable('Conf.ScriptsStatsLastTransferResult') ?? '';
  return done(`The configured scripts have been asked for. Last result: ${result}.`);
};

const exportScript: Action = async ({ view }) => ({
  kind: 'file',
  name: `${view.unit.identity.serialNumber}.cfg`,
  type: 'text/plain; charset=utf-8',
  bytes: await exportFile(view.unit, '1 Vendor Configuration File'),
});

export const scriptActions = { run: guarded(run), fetch: guarded(fetchAll), export: guarded(exportScript) };

export function renderRun(view: View): Markup {
  if (!mayChange(view, 'Conf')) return html`<p>${CANNOT}</p>`;
  const file = html`<p><label for="script-file">Script</label> <input id="script-file" type="file" name="file"></p>`;
  return actionForm(view, 'run', html`${file}<p><button>Execute</button></p>`, true);
}

export const renderFetch = (view: View): Markup =>
  mayChange(view, 'Conf')
    ? actionForm(view, 'fetch', html`<p><button>Download &amp; Execute Scripts</button></p>`)
    : html`<p>${CANNOT}</p>`;

export const renderExport = (view: View): Markup =>
  mayChange(view, 'Conf')
    ? actionForm(view, 'export', html`<p><button>Export Script</button></p>`)
    : html`<p>${CANNOT}</p>`;
