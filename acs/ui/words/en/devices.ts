// English texts of the list of devices.
import { plural } from '../format.ts';

export const devices = {
  title: (count: number) => plural(count, { one: '# device', other: '# devices' }),
  columns: {
    serial: 'Serial',
    liveness: 'Liveness',
    firmware: 'Product, firmware',
    lastInform: 'Last Inform',
  },
};
