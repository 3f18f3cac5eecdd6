// The periodic duties of every ACS, and the ages at which records are deleted.
import type { Clock } from '../../shared/clock.ts';
import type { Retention, Store } from '../store/store.ts';
import type { Access } from './access/access.ts';
import type { Backups } from './backups/backups.ts';
import type { TicketKeys } from './cluster/ticket-keys.ts';
import type { Schedule } from './common/schedule.ts';
import type { Files } from './files/files.ts';
import { type Alerts, EVALUATE_MS } from './monitoring/alerts.ts';
import { type LivenessWatch, LOOK_MS } from './monitoring/liveness.ts';
import { removeEnded } from './webhooks/ended-webhooks.ts';
import type { Webhooks } from './webhooks/webhooks.ts';

const MINUTE = 60_000;

export const HOUR = 3_600_000;

export const DAY = 24 * HOUR;

/** Records of a kind that are kept at most, of any age. */
export const MAX_KEPT = 1_000_000;

export interface KeptDays {
  tasks: number;
  audit: number;
}

export const retentionAt = (now: number, days: KeptDays): Retention => ({
  endedTasks: { before: now - days.tasks * DAY, keep: MAX_KEPT },
  audit: { before: now - days.audit * DAY, keep: MAX_KEPT },
});

export interface DutyParts {
  store: Store;
  clock: Clock;
  liveness?: LivenessWatch;
  alerts?: Alerts;
  files?: Pick<Files, 'sweep'>;
  backups?: Pick<Backups, 'sweep'>;
  webhooks?: Pick<Webhooks, 'list' | 'remove'>;
  ticketKeys?: Pick<TicketKeys, 'replaceOld'> | undefined;
  access?: Pick<Access, 'oidcSignIns' | 'sessionChecks'>;
}

export function startDuties(
  schedule: Schedule,
  { store, clock, liveness, alerts, files, backups, webhooks, ticketKeys, access }: DutyParts,
  days: KeptDays,
): void {
  if (alerts) schedule.every('alerts', EVALUATE_MS, () => alerts.evaluate());
  if (liveness) schedule.every('liveness', LOOK_MS, () => liveness.look());
  if (ticketKeys) schedule.every('ticketKeys', HOUR, () => ticketKeys.replaceOld());
  if (access?.oidcSignIns.isConfigured) schedule.every('signIns', MINUTE, async () => await access.sessionChecks.run());
  schedule.every('retention', HOUR, async () => {
    await files?.sweep();
    await backups?.sweep();
    if (webhooks) await removeEnded(webhooks, clock.now());
    await store.prune(retentionAt(clock.now(), days));
  });
}
