// The interval of periodic Informs of a device that comes for the first time: it is read, so that late and lost are right from then on.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { FleetContext } from '../common/context.ts';
import { learnInterval, namedValues } from '../common/inform-interval.ts';
import type { Cpe } from '../common/ports.ts';
import { RecentValues } from '../common/recent-values.ts';
import { isSuspended } from '../common/session-state.ts';
import { HISTORY } from '../monitoring/history-reader.ts';
import type { DeviceSession } from './device-session.ts';

/** Approvals that this process remembers until the device comes. */
const MAX_APPROVED = 10_000;

export class FirstIntervals {
  readonly #context: Pick<FleetContext, 'store' | 'clock' | 'events'>;
  /** The times at which devices were enrolled, milliseconds. */
  readonly #enrolled = new RecentValues<number>(MAX_APPROVED);

  constructor(context: Pick<FleetContext, 'store' | 'clock' | 'events'>) {
    this.#context = context;
    context.events.on('enrolled', ({ device, state }) => {
      if (state === 'enrolled') this.#enrolled.set(device, context.clock.now());
    });
  }

  /** Reads the interval at 0 BOOTSTRAP and after an approval, unless the device has told it before. */
  async read({ id, row: before, events }: DeviceSession, cpe: Cpe): Promise<void> {
    if (before.informInterval !== undefined || !this.#isFirstContact(before, events)) return;
    const { store, clock } = this.#context;
    // The session itself may have read or set it.
    const row = await store.device(id);
    if (!row || row.informInterval !== undefined || isSuspended(row, HISTORY, clock.now())) return;
    const server = `${row.root}ManagementServer.`;
    const ParameterNames = [`${server}PeriodicInformEnable`, `${server}PeriodicInformInterval`];
    try {
      const { ParameterList } = await cpe.call('GetParameterValues', { ParameterNames });
      await learnInterval(store, row, namedValues(ParameterList));
    } catch (error) {
      // A device need not let them be read: it is judged by the usual interval then.
      if (!(error instanceof CwmpFault)) throw error;
    }
  }

  #isFirstContact({ id, lastInform = 0 }: DeviceSession['row'], events: readonly string[]): boolean {
    const enrolled = this.#enrolled.get(id);
    if (enrolled !== undefined) this.#enrolled.set(id, Number.POSITIVE_INFINITY);
    // The Inform that enrols a device by itself is no approval.
    return events.includes('0 BOOTSTRAP') || (enrolled !== undefined && enrolled < lastInform);
  }
}
