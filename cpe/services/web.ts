// The unit's own pages as a service: they are open while it runs. The pages themselves are handed in, so that a unit without them loads none.
import { messageOf } from '../../shared/errors.ts';
import { type Service, type Unit, X } from './service.ts';

const count = (name: 'requests' | 'redirects' | 'errors') => (unit: Unit) => String(unit.lab.pages?.counts[name] ?? 0);

export const web: Service = {
  name: 'Web',
  values: {
    [`${X}Web.StatsRequest`]: count('requests'),
    [`${X}Web.StatsRedirect`]: count('redirects'),
    [`${X}Web.StatsError`]: count('errors'),
  },
  async start(unit) {
    try {
      await unit.lab.pages?.open(unit);
    } catch (error) {
      unit.log.warn('pages of the unit cannot be opened', { reason: messageOf(error) });
    }
  },
  async stop(unit) {
    await unit.lab.pages?.close();
  },
};
