// The actions of the page System/Packet Capture: start, stop, and the file.
import { captureFile, isCapturing, startCapture, stopCapture } from '../../services/capture/packet-capture.ts';
import { type Action, done, refused } from '../forms/action.ts';
import { html, type Markup } from '../render/markup.ts';
import { actionForm } from '../render/parts.ts';
import { mayChange, type View } from '../render/view.ts';

const CANNOT = 'Your access rights do not allow a packet capture.';

/** The traffic of a unit holds passwords: whoever may change Nlm may see it. */
const guarded =
  (action: Action): Action =>
  async request =>
    mayChange(request.view, 'Nlm') ? action(request) : refused(CANNOT);

const stateOf = ({ unit }: View): string => unit.config.variable('Nlm.PCaptureState') ?? '';

const start: Action = async ({ view }) => {
  await startCapture(view.unit);
  return isCapturing(view.unit) ? done('The capture runs.') : refused(`There is no capture: ${stateOf(view)}.`);
};

const stop: Action = async ({ view }) => {
  await stopCapture(view.unit);
  return done(`The capture has ended: ${stateOf(view)}.`);
};

const download: Action = async ({ view }) => ({
  kind: 'file',
  name: 'capture.pcap',
  type: 'application/vnd.tcpdump.pcap',
  bytes: captureFile(view.unit),
});

export const captureActions: Readonly<Record<string, Action>> = {
  start: guarded(start),
  stop: guarded(stop),
  download: guarded(download),
};

export function renderCapture(view: View): Markup {
  if (!mayChange(view, 'Nlm')) return html`<p>${CANNOT}</p>`;
  const control = isCapturing(view.unit)
    ? actionForm(view, 'stop', html`<button>Stop Capture</button>`)
    : actionForm(view, 'start', html`<button>Start Capture</button>`);
  return html`${control}${actionForm(view, 'download', html`<p><button>Download Capture</button></p>`)}`;
}
