// The interval of periodic Informs of a device that comes for the first time: it is read, so that late and lost are right from then on.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { FleetContext } from '../common/context.ts';
import { learnInterval, namedValues } from '../common/inform-interval.ts';
import type { Cpe } from '../common/ports.ts';
import { isSuspended } from '../common/session-state.ts';
import { HISTORY } from '../monitoring/history-reader.ts';
import type { DeviceSession } from './device-session.ts';

export class FirstIntervals {
  readonly #context: Pick<FleetContext, 'store' | 'clock'>;

  constructor(context: Pick<FleetContext, 'store' | 'clock'>) {
    this.#context = context;
  }

  /** Reads the interval at 0 BOOTSTRAP and after an approval, unless the device has told it before. */
  async read(session: DeviceSession, cpe: Cpe): Promise<void> {
    const { id, row, events } = session;
    // The session itself may have read or set it.
    if (row.informInterval !== undefined) return;
    if (!row.isIntervalDue && !events.includes('0 BOOTSTRAP')) return;
    const { store, clock } = this.#context;
    if (isSuspended(row, HISTORY, clock.now())) return;
    const server = `${row.root}ManagementServer.`;
    const ParameterNames = [`${server}PeriodicInformEnable`, `${server}PeriodicInformInterval`];
    try {
      const { ParameterList } = await cpe.call('GetParameterValues', { ParameterNames });
      session.row = await learnInterval(store, row, namedValues(ParameterList));
    } catch (error) {
      // A device need not let them be read: it is judged by the usual interval then.
      if (!(error instanceof CwmpFault)) throw error;
    }
    // It is not asked again, whatever it has answered.
    if (session.row.isIntervalDue) await store.apply(id, 'intervalLearned', {});
  }
}
