// The page System/Packet Capture.
import { captureActions, renderCapture } from '../actions/capture.ts';
import { form } from '../render/part.ts';
import type { Page } from './page.ts';

export const packetCapturePage: Page = {
  path: '/system/packet-capture',
  menu: 'System',
  tab: 'Packet Capture',
  actions: captureActions,
  parts: [
    form(
      'Packet Capture Configuration',
      [
        { name: 'Nlm.PCaptureFilter', label: 'Filter' },
        { name: 'Nlm.PCaptureNbFrames', label: 'Number of Frames' },
        { name: 'Nlm.PCaptureNbSecs', label: 'Duration (s)' },
        { name: 'Nlm.PCaptureLinkName', label: 'Link' },
        { name: 'Nlm.PCaptureFileUrl', label: 'URL' },
        { name: 'Nlm.PCaptureState', label: 'State' },
      ],
      { note: () => 'Applied settings hold from the next capture on. 0 sets no limit.' },
    ),
    { kind: 'custom', heading: 'Capture', render: renderCapture },
  ],
};
