// The list of all that needs someone: few entries by rank, each with the filter that leads to its devices.
import { bothFilters } from '../../query/filter.ts';
import { parseFilter } from '../../query/parser.ts';
import { quotedText } from '../../query/quote.ts';
import type { Caller } from '../access/caller.ts';
import type { FleetContext } from '../common/context.ts';
import { isSilent } from '../monitoring/alert-rule.ts';
import type { AlertView } from '../monitoring/alerts.ts';
import { amountOf, type Rollout } from '../rollout/plan.ts';
import type { LiveRollout } from '../rollout/progress.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import { ENDING, newFaults, type OverviewParts, type Summaries } from './summary.ts';

/** In the order of their ranks. */
export const attentionKinds = ['alert', 'fault', 'rollout', 'certificate', 'held', 'webhook', 'never-came'] as const;

/** A part of a text: plain, or a name or number that is set apart. */
export type TextPart = { text: string } | { name: string } | { number: number };

export interface Attention {
  kind: (typeof attentionKinds)[number];
  text: TextPart[];
  /** Devices, or messages of a webhook. */
  count: number;
  /** A filter over devices; absent where it is about none. */
  filter?: string;
  /** The object that it is about: an alert, rollout or webhook. */
  name?: string;
  /** Milliseconds; absent where it is not known. */
  since?: number;
  /** The content of the text, for those that say it in other words. */
  facts?: AttentionFacts;
}

interface AttentionFacts {
  /** Of an alert. */
  severity?: string;
  /** Of faults. */
  code?: string;
  cause?: string;
  /** Of a rollout: the failures at which it pauses. */
  limit?: number;
  /** The words with which it has paused. */
  reason?: string;
  /** The user who has paused it. */
  pausedBy?: string;
}

/** Groups of new faults, and entries of each other kind. */
const MAX_OF_KIND = 5;
const severities = ['critical', 'warning', 'info'];
const HELD = 'state = "held"';
const NEVER_CAME = 'state = "known" and created < now - 7d';

export interface AttentionContext extends OverviewParts, Pick<FleetContext, 'store' | 'clock'> {
  summaries: Summaries;
  webhooks: Webhooks;
}

export async function attentionFor(context: AttentionContext, caller: Caller): Promise<Attention[]> {
  const isOfAll = !caller.isScoped && caller.readsAll;
  const found = await Promise.all([
    isOfAll ? firingAlerts(context) : [],
    newFaultGroups(context, caller),
    troubledRollouts(context, caller),
    endingCertificates(context, caller),
    devicesIn(context, caller, { kind: 'held', filter: HELD, text: 'held until they are approved' }),
    isOfAll ? failingWebhooks(context) : [],
    devicesIn(context, caller, {
      kind: 'never-came',
      filter: NEVER_CAME,
      text: 'registered more than a week ago, never came',
    }),
  ]);
  return found.flatMap(entries => entries.slice(0, MAX_OF_KIND));
}

async function firingAlerts({ alerts, clock }: AttentionContext): Promise<Attention[]> {
  const firing = (await alerts.list()).filter(alert => alert.state === 'firing' && !isSilent(alert, clock.now()));
  const rank = ({ severity = 'warning' }: AlertView): number => severities.indexOf(severity);
  return firing
    .sort((a, b) => rank(a) - rank(b) || b.count - a.count)
    .map(({ name, severity = 'warning', filter, count, groups }) => {
      const times = groups.flatMap(group => (group.state === 'firing' ? [group.since] : []));
      const first = times.sort((a, b) => a - b)[0];
      const text = [{ text: `${severity}:` }, { name }, { text: 'fires for' }, { number: count }];
      const since = first === undefined ? {} : { since: first };
      return { kind: 'alert', text, count, filter, name, ...since, facts: { severity } };
    });
}

/** Faults that began in the last 24 hours, by cause and code. */
async function newFaultGroups({ store, clock }: AttentionContext, { within, readsAll }: Caller): Promise<Attention[]> {
  const filter = bothFilters(within, newFaults) ?? newFaults;
  const by = readsAll ? (['cause', 'code'] as const) : (['code'] as const);
  const { groups } = await store.faultGroups({ filter, by: [...by], limit: MAX_OF_KIND, now: clock.now() });
  return groups.map(({ key, devices, first }) => {
    const [code = '', cause] = [...key].reverse();
    const parts = [...(cause === undefined ? [] : [`fault.cause = ${quotedText(cause)}`])];
    return {
      kind: 'fault',
      text: [{ text: 'new today:' }, { name: code }, ...(cause === undefined ? [] : [{ text: 'of' }, { name: cause }])],
      count: devices,
      filter: [...parts, `fault.code = ${quotedText(code)}`, 'fault.since >= now - 24h'].join(' and '),
      since: first,
      facts: { code, ...(cause === undefined ? {} : { cause }) },
    };
  });
}

/** Rollouts that are paused, wait for approval, or are above half of the failures at which they pause. */
async function troubledRollouts({ rollouts }: AttentionContext, caller: Caller): Promise<Attention[]> {
  const live = new Map((await rollouts.live()).map(each => [each.rollout, each]));
  return (await rollouts.list(caller)).flatMap(({ id, phase, reason, failure, created, log }) => {
    const counted = live.get(id);
    if (!counted) return [];
    const failed = stateCount(counted, 'failed');
    const whole = counted.devices.reduce((sum, { count }) => sum + count, 0);
    const limit = failure.total === undefined ? undefined : amountOf(failure.total, whole, 'down');
    const pausedBy = reason ? undefined : log.findLast(entry => entry.text.startsWith('paused'))?.by;
    const text = troubleOf({ phase, reason, pausedBy }, failed, limit);
    if (!text) return [];
    const filter = `rollout = ${quotedText(id)} and rolloutState = "failed"`;
    const facts = phase === 'paused' ? pauseFacts({ reason, pausedBy }) : { limit: limit ?? 0 };
    return [{ kind: 'rollout' as const, text, count: failed, filter, name: id, since: created, facts }];
  });
}

/** It pauses by itself for a reason, or a user pauses it. */
interface Pause {
  reason: string | undefined;
  pausedBy: string | undefined;
}

const pauseFacts = ({ reason, pausedBy }: Pause): AttentionFacts => ({
  ...(reason ? { reason } : {}),
  ...(pausedBy === undefined ? {} : { pausedBy }),
});

/** The words for what is wrong with a rollout; undefined where nothing is. @param limit failures above which it pauses */
function troubleOf(
  { phase, reason, pausedBy }: { phase: Rollout['phase'] } & Pause,
  failed: number,
  limit: number | undefined,
): Attention['text'] | undefined {
  if (phase === 'waiting-for-approval') return [{ text: 'waits for approval' }];
  if (phase === 'paused') {
    if (pausedBy !== undefined) return [{ text: 'is paused by' }, { name: pausedBy }];
    return [{ text: `is paused${reason ? `: ${reason}` : ''}` }];
  }
  if (limit === undefined || failed === 0 || failed * 2 <= limit) return undefined;
  return [{ text: 'has' }, { number: failed }, { text: 'failures; it pauses above' }, { number: limit }];
}

async function endingCertificates({ summaries }: AttentionContext, caller: Caller): Promise<Attention[]> {
  const count = (await summaries.certificatesEnding(caller)) ?? 0;
  if (count === 0) return [];
  return [{ kind: 'certificate', text: [{ text: 'a certificate ends within 30 days' }], count, filter: ENDING }];
}

async function devicesIn(
  { store, clock }: AttentionContext,
  { within }: Caller,
  { kind, filter, text }: { kind: Attention['kind']; filter: string; text: string },
): Promise<Attention[]> {
  const count = await store.countDevices(bothFilters(within, parseFilter(filter)), clock.now());
  return count === 0 ? [] : [{ kind, text: [{ text }], count, filter }];
}

async function failingWebhooks({ webhooks }: AttentionContext): Promise<Attention[]> {
  return (await webhooks.counts())
    .filter(({ dead }) => dead > 0)
    .map(({ webhook, dead }) => ({
      kind: 'webhook',
      text: [{ text: 'messages that were given up for' }, { name: webhook }],
      count: dead,
      name: webhook,
    }));
}

const stateCount = ({ devices }: LiveRollout, state: string): number =>
  devices.find(each => each.state === state)?.count ?? 0;
