// The side of the operators: the REST API and the metrics.
import type { FastifyInstance } from 'fastify';
import { livenessStates } from '../device/liveness.ts';
import { deviceStates } from '../device/row.ts';
import type { EventBus } from '../events.ts';
import { adminToken } from '../fleet/access/principal.ts';
import { secretTest } from '../fleet/access/tokens.ts';
import type { SendConnectionRequest } from '../fleet/common/ports.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { MetricSources } from '../metrics/sources.ts';
import { createMetrics } from '../metrics.ts';
import type { PrincipalOf } from '../north/authentication.ts';
import { createRest } from '../north/rest.ts';
import type { ServerFacts } from '../north/server-facts.ts';
import { parseFilter } from '../query/parser.ts';
import type { ListenTls } from '../south/http/tls-options.ts';
import type { South } from '../south/listener.ts';
import type { Store } from '../store/store.ts';
import type { DescriptorState } from './descriptors.ts';
import { startSampling } from './server-series.ts';
import type { AcsSetup, Part } from './setup.ts';

export interface NorthParts {
  events: EventBus;
  store: Store;
  fleet: Fleet;
  south: South;
  sendConnectionRequest: SendConnectionRequest;
  /** Addresses for CPEs, with the ports that are really bound. */
  cwmp: readonly string[];
  /** `host:port` of the STUN server. */
  stun?: string | undefined;
  /** The certificates that are shown to CPEs now. */
  certificates: () => ListenTls['certificates'];
  /** Why the ACS takes no work; undefined when it does. */
  unready: () => string | undefined;
  descriptors?: () => DescriptorState;
}

/** A worker has metrics, which its primary sums up, but no API. */
export async function buildNorth(setup: AcsSetup, parts: NorthParts): Promise<Part & { api?: FastifyInstance }> {
  const { fleet, south, events, store, sendConnectionRequest, unready } = parts;
  const { clock, random, log } = setup;
  const metrics = createMetrics(events, {
    others: setup.workers?.metrics,
    descriptors: parts.descriptors,
    sessions: () => south.sessions(),
    admission: () => south.admission(),
    ...(setup.api ? stateSources(setup, fleet) : noSources),
  });
  setup.cluster?.relay.serve('metrics', async () => await metrics.plain());
  if (!setup.api) return { close: () => metrics.stop() };
  try {
    const api = await createRest({
      ...{ fleet, store, clock, random, log, events, metrics, unready },
      sendConnectionRequest,
      server: serverFacts(setup, parts),
      principalOf: principals(setup, fleet),
      trustedProxies: setup.trustedProxies,
      pages: setup.pages,
      ...(setup.api.protocol === 'https:' ? { tls: setup.tls } : {}),
    });
    const stopSampling = startSampling({ clock, log }, metrics, fleet.overview.series);
    const close = async (): Promise<void> => {
      stopSampling();
      await api.close();
      metrics.stop();
    };
    return { api, close };
  } catch (error) {
    metrics.stop();
    throw error;
  }
}

function serverFacts(setup: AcsSetup, { cwmp, stun, certificates }: NorthParts): () => ServerFacts {
  const started = setup.clock.now();
  return () => ({
    ...{ started, cwmp, stun, cpeAuth: setup.cpeAuth, enrol: setup.enrol, ca: setup.ca },
    publicUrl: setup.publicUrl,
    enrolmentUser: setup.enrolment?.username,
    certificates: certificates().map(({ cert }) => cert),
    hasWorkers: setup.workers !== undefined,
  });
}

/** The store counts these for all processes, so only the main process shows them. */
const stateSources = (
  setup: AcsSetup,
  fleet: Fleet,
): Pick<MetricSources, 'alerts' | 'webhooks' | 'liveness' | 'devices' | 'rollouts' | 'jobs'> => ({
  alerts: async () => await fleet.alerts.list(),
  webhooks: async () => await fleet.webhooks.counts(),
  liveness: async () => await Promise.all(livenessStates.map(countOf(setup, 'liveness'))),
  rollouts: async () => await fleet.rollouts.live(),
  jobs: async () => await fleet.jobs.reads.progress.read(),
  devices: async () => await Promise.all(deviceStates.map(countOf(setup, 'state'))),
});
/** For a process that leaves the counting to another. */
export const noSources: ReturnType<typeof stateSources> = {
  alerts: async () => [],
  webhooks: async () => [],
  liveness: async () => [],
  devices: async () => [],
  rollouts: async () => [],
  jobs: async () => [],
};

const countOf =
  ({ store, clock }: AcsSetup, field: string) =>
  async (state: string): Promise<{ state: string; count: number }> => ({
    state,
    count: await store.countDevices(parseFilter(`${field} = "${state}"`), clock.now()),
  });

/** The admin token of the server stands beside those that are made by the API. */
function principals({ adminToken: token }: Pick<AcsSetup, 'adminToken'>, { access }: Fleet): PrincipalOf {
  const isAdmin = secretTest(token);
  return async given => (isAdmin(given) ? adminToken : await access.byToken(given));
}
