// The agent's reaction to changes of parameters: notifications, appointments, endpoints, another ACS.
import type { Change, Source } from '../state/changes.ts';
import type { Device } from '../state/device.ts';
import type { PendingEvents } from './pending-events.ts';
import { managementServer } from './settings.ts';
import { ACTIVE, type Timers } from './timers.ts';

/** The parts of an agent that report changes. */
export interface ReportHost {
  readonly device: Device;
  readonly pending: PendingEvents;
  readonly timers: Timers;
  readonly loop: { want(): void };
  readonly sessions: { readonly ended: number; readonly lastSuccess: number };
}

export interface ChangeHost extends ReportHost {
  readonly endpoints: { settle(): Promise<void> } | undefined;
  readonly acs: { readonly hasMoved: boolean; noteMove(restarting: boolean): Promise<boolean> };
}

/** Acts on a commit. */
export function onChanges(agent: ChangeHost, changes: readonly Change[], source: Source): void {
  const { device, pending, timers, loop, endpoints, acs, sessions } = agent;
  // TR-069 A.3.2.1: the ACS is not notified of its own changes.
  if (source !== 'acs') {
    reportChanged(
      agent,
      changes.map(({ path }) => path),
    );
  }
  timers.arm();
  // An ACS's own change counts from the end of its session.
  if (!pending.isInFlight) timers.armReboot();
  void endpoints?.settle();
  // TR-181 EnableCWMP: events that had to wait while it was off.
  const enabled = changes.some(({ path }) => path.endsWith('ManagementServer.EnableCWMP'));
  if (enabled && device.state.facts.events.length > 0) loop.want();
  if (pending.isInFlight || sessions.ended === 0 || !acs.hasMoved) return;
  pending.after(async () => {
    if (await acs.noteMove(false)) loop.want();
  });
  loop.want();
}

/** TR-069 3.7.1.5, A.3.2.4: a passive change rides along with the next Inform, an active one wants its own. */
export function reportChanged({ device, pending, timers, loop, sessions }: ReportHost, paths: readonly string[]): void {
  if (pending.changed(paths) < 2) return;
  // TR-181 DefaultActiveNotificationThrottle: only a session for this alone has to wait.
  const throttle = Number(managementServer(device, 'DefaultActiveNotificationThrottle', '0')) * 1000;
  const wait = sessions.lastSuccess + throttle - device.clock.monotonic();
  if (wait > 0) timers.set(ACTIVE, wait);
  else loop.want();
}
