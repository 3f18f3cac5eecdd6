// The unit's console as a service: it is open while it runs. The console itself is handed in, so that a unit without it loads nothing of it.
import { messageOf } from '../../shared/errors.ts';
import type { Service } from './service.ts';

export const cli: Service = {
  name: 'Cli',
  async start(unit) {
    try {
      await unit.lab.console?.open(unit);
    } catch (error) {
      unit.log.warn('console of the unit cannot be opened', { reason: messageOf(error) });
    }
  },
  async stop(unit) {
    await unit.lab.console?.close();
  },
};
