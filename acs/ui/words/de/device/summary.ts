// German texts of the summary of a device.
import type { Catalogue } from '../../catalogue.ts';

export const deviceSummary: Catalogue['deviceSummary'] = {
  connection: {
    title: 'Verbindung',
    address: 'Adresse',
    interval: 'Inform alle',
  },
};
