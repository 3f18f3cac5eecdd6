// The summary of the fleet: counts for the devices that a caller reaches, shared among callers with the same rights.

import { type Liveness, livenessStates } from '../../device/liveness.ts';
import type { DeviceState } from '../../device/row.ts';
import { deviceStates } from '../../device/row.ts';
import { bothFilters, type Field, type Filter, fields, pathsOf } from '../../query/filter.ts';
import { parseFilter } from '../../query/parser.ts';
import type { Facet } from '../../store/store.ts';
import type { Caller } from '../access/caller.ts';
import type { ClusterMemory } from '../cluster/cluster-memory.ts';
import type { FleetContext } from '../common/context.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { isSilent } from '../monitoring/alert-rule.ts';
import type { Alerts } from '../monitoring/alerts.ts';
import { SharedAnswers } from '../monitoring/shared-answers.ts';
import { isEnded, type Plan } from '../rollout/plan.ts';
import type { Rollouts } from '../rollout/rollouts.ts';

interface Running {
  running: number;
  paused: number;
}

export interface Summary {
  states: Record<DeviceState, number>;
  /** `never`: has not informed. */
  liveness: Record<Liveness | 'never', number>;
  /** `groups`: by cause, code and parameter; `today`: those that began in the last 24 hours. */
  faults: { open: number; groups: number; today: number };
  /** Devices on which something else has changed managed values; absent for callers that may not read every parameter. */
  drift?: number;
  knocking: number;
  /** Those that have not ended. */
  rollouts: Running;
  jobs: Running;
  /** Those that fire; absent for callers that reach only some devices. */
  alerts?: Record<'critical' | 'warning' | 'info', number>;
  /** Devices with a certificate that ends within 30 days; absent for callers that may not read this. */
  certificatesEnding?: number;
  countedAt: number;
}

export interface OverviewParts {
  alerts: Alerts;
  rollouts: Rollouts;
  jobs: Jobs;
  clusterMemory: ClusterMemory;
}

const KEPT_MS = 1000;
/** Pages show the counts of a large fleet so often. */
const REST_MS = 5000;
/** Certificates end slowly, and are looked up in all values that are known. */
const CERTIFICATES_KEPT_MS = 10 * 60_000;

const drifting = parseFilter('drift');
export const newFaults = parseFilter('fault.since >= now - 24h');
export const ENDING =
  'Device.X_0090F8_Cert.HostCertificatesInfo.*.ValidTo < now + 30d or Device.Security.Certificate.*.NotAfter < now + 30d';
const ending = parseFilter(ENDING);

type Counts = Omit<Summary, 'certificatesEnding' | 'rollouts' | 'jobs' | 'knocking' | 'alerts' | 'drift'> & {
  drift: number;
};

export class Summaries {
  readonly #context: Pick<FleetContext, 'store' | 'clock'>;
  readonly #parts: OverviewParts;
  readonly #counts: SharedAnswers<Counts>;
  readonly #certificates: SharedAnswers<number>;

  constructor(context: Pick<FleetContext, 'store' | 'clock'>, parts: OverviewParts) {
    this.#context = context;
    this.#parts = parts;
    this.#counts = new SharedAnswers(context.clock, KEPT_MS, { restMs: REST_MS });
    this.#certificates = new SharedAnswers(context.clock, CERTIFICATES_KEPT_MS);
  }

  async read(caller: Caller): Promise<Summary> {
    const { scope = '', within } = caller;
    const [counts, certificatesEnding, rollouts, jobs, knocking, alerts] = await Promise.all([
      this.#counts.get(scope, () => countFleet(this.#context, within)),
      this.certificatesEnding(caller),
      this.#parts.rollouts.list(caller),
      this.#parts.jobs.reads.own(caller),
      this.#knocking(caller),
      caller.isScoped || !caller.readsAll ? undefined : this.#firing(),
    ]);
    const { drift, ...told } = counts;
    return {
      ...told,
      // As in filters: it may be that of any parameter.
      ...(caller.readsAll ? { drift } : {}),
      ...{ rollouts: runningOf(rollouts), jobs: runningOf(jobs), knocking },
      ...(alerts ? { alerts } : {}),
      ...(certificatesEnding === undefined ? {} : { certificatesEnding }),
    };
  }

  /** @returns undefined for a caller that may not read it */
  async certificatesEnding({ scope = '', within, mayRead }: Caller): Promise<number | undefined> {
    if (!pathsOf(ending).every(mayRead)) return undefined;
    const { store, clock } = this.#context;
    return await this.#certificates.get(scope, () => store.countDevices(bothFilters(within, ending), clock.now()));
  }

  async #knocking(caller: Caller): Promise<number> {
    return (await caller.seenOf(await this.#parts.clusterMemory.unknownCpes(), ({ device }) => device)).length;
  }

  async #firing(): Promise<NonNullable<Summary['alerts']>> {
    const firing = { critical: 0, warning: 0, info: 0 };
    for (const { state, severity = 'warning', ...rule } of await this.#parts.alerts.list())
      if (state === 'firing' && !isSilent(rule, this.#context.clock.now())) firing[severity]++;
    return firing;
  }
}

function runningOf(all: readonly Plan[]): Running {
  const live = all.filter(each => !isEnded(each));
  const paused = live.filter(({ phase }) => phase === 'paused').length;
  return { running: live.length - paused, paused };
}

async function countFleet(
  { store, clock }: Pick<FleetContext, 'store' | 'clock'>,
  within: Filter | undefined,
): Promise<Counts> {
  const now = clock.now();
  const filter = within ? { filter: within } : {};
  const by = [fields.state, fields.liveness] as Field[];
  const [{ total, facets }, open, today, drift] = await Promise.all([
    store.facets({ ...filter, by, top: deviceStates.length, now }),
    store.faultGroups({ ...filter, by: ['cause', 'code', 'parameter'], limit: 0, now }),
    store.countFaults(bothFilters(within, newFaults), now),
    store.countDevices(bothFilters(within, drifting), now),
  ]);
  const counted = <N extends string>(facet: Facet | undefined, names: readonly N[]): Record<N, number> => {
    const counts = new Map(facet?.values.map(({ value, count }) => [value, count]));
    return Object.fromEntries(names.map(name => [name, counts.get(name) ?? 0])) as Record<N, number>;
  };
  const [states, liveness] = facets;
  const heard = counted(liveness, livenessStates);
  return {
    states: counted(states, deviceStates),
    liveness: { ...heard, never: total - heard.online - heard.late - heard.lost },
    faults: { open: open.total, groups: open.omitted.groups, today },
    drift,
    countedAt: now,
  };
}
