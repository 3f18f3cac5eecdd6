// German texts of the list of devices.
import type { Catalogue } from '../catalogue.ts';
import { plural } from '../format.ts';

export const devices: Catalogue['devices'] = {
  title: count => plural(count, { one: '# Gerät', other: '# Geräte' }),
  columns: {
    serial: 'Seriennummer',
    liveness: 'Zustand',
    firmware: 'Produkt, Firmware',
    lastInform: 'Letztes Inform',
  },
};
