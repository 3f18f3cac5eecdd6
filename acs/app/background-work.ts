// Work that the ACS does by itself when its time has come: duties, rollouts, jobs and webhooks.
import { createSchedule } from '../fleet/cluster/schedule.ts';
import type { TicketKeys } from '../fleet/cluster/ticket-keys.ts';
import { startDuties } from '../fleet/duties.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Store } from '../store/store.ts';
import type { AcsSetup, Part } from './setup.ts';

const KEPT_DAYS = { tasks: 30, audit: 365 };

interface WorkParts {
  fleet: Fleet;
  store: Store;
  /** Absent where no listener has TLS. */
  ticketKeys: TicketKeys | undefined;
}

export function startBackgroundWork(setup: AcsSetup, { fleet, store, ticketKeys }: WorkParts): Part {
  const { clock, log } = setup;
  const { members, liveness, alerts, files, backups, rollouts, jobs, webhooks, access } = fleet;
  const isGone = async (id: string): Promise<boolean> => members.alone || (await members.isGone(id));
  const schedule = createSchedule({ store, clock, log, owner: members.self, isGone });
  startDuties(
    schedule,
    { store, clock, liveness, alerts, files, backups, webhooks, ticketKeys, access },
    setup.keepDays ?? KEPT_DAYS,
  );
  fleet.requestRetries.run(schedule);
  rollouts.run(schedule);
  jobs.run(schedule);
  backups.run(schedule);
  webhooks.loop.start();
  const close = async (): Promise<void> => {
    await rollouts.stop();
    await jobs.stop();
    await schedule.stop();
    await webhooks.loop.stop();
  };
  return { close };
}
