// Builds the ACS from its parts, in order: the plan of the server on one page.
import type { FastifyInstance } from 'fastify';
import { authorityOf } from '../shared/stun.ts';
import { startBackgroundWork } from './app/background-work.ts';
import { buildConnectionRequests } from './app/connection-requests.ts';
import { DescriptorWatch } from './app/descriptors.ts';
import { logEvents } from './app/event-log.ts';
import { buildFleet } from './app/fleet.ts';
import { hostOf, listening } from './app/listening.ts';
import { buildNorth } from './app/north.ts';
import type { AcsSetup, Part } from './app/setup.ts';
import { buildSouth } from './app/south.ts';
import { buildCluster, buildStore } from './app/store.ts';
import { followTicketKeys } from './app/ticket-keys.ts';
import { createEvents, type EventBus } from './events.ts';
import { TicketKeys } from './fleet/cluster/ticket-keys.ts';
import { createSecrets } from './fleet/common/secrets.ts';
import type { Fleet } from './fleet/fleet.ts';
import { type ListenTls, renewServer } from './south/http/tls-options.ts';
import type { South } from './south/listener.ts';

export interface Acs {
  /** The addresses for CPEs and operators, with the ports that are really bound. */
  cwmp: string[];
  api: string;
  /** `host:port` of the STUN server, where one runs. */
  stun?: string;
  fleet: Fleet;
  events: EventBus;
  south: South;
  renewCertificates(certificates: ListenTls['certificates']): void;
  close(): Promise<void>;
}

/** @throws UserError when an address cannot be listened on; then everything is closed again, the store too */
export async function startAcs(setup: AcsSetup): Promise<Acs> {
  const parts: Part[] = [{ close: () => setup.store.close() }];
  const close = async (): Promise<void> => {
    for (const part of parts.splice(0).reverse()) await part.close();
  };
  try {
    const keep: Keep = part => {
      parts.push(part);
      return part;
    };
    return { ...(await build(setup, keep)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Registers a part that is built, to be closed before the earlier ones. */
type Keep = <P extends Part>(part: P) => P;

async function build(setup: AcsSetup, keep: Keep): Promise<Omit<Acs, 'close'>> {
  const { clock, random, log } = setup;
  const { store: watched, health } = keep(buildStore(setup));
  const descriptors = new DescriptorWatch(setup);
  keep({ close: () => descriptors.close() });
  const events = createEvents();
  keep({ close: logEvents(events, log) });
  const secrets = createSecrets(setup.serverKey, random);
  const cwmp: string[] = [];
  const ended = new AbortController();

  const onArrival: Fleet['sessions']['onArrival'] = (id, listener) => fleet.sessions.onArrival(id, listener);
  const { send: sendConnectionRequest, stun } = keep(
    await buildConnectionRequests(setup, {
      ...{ events, secrets, onArrival, signal: ended.signal },
      onPairRefused: async ({ id, connectionRequest: { password } }) =>
        await store.apply(id, 'pairRefused', { password }),
    }),
  );
  const cluster = keep(await buildCluster(setup, watched, secrets));
  const { store, joined } = cluster;
  const { fleet } = keep(buildFleet(setup, { events, secrets, cluster, sendConnectionRequest, cwmp }));
  const { south } = keep(buildSouth(setup, { events, secrets, fleet, forward: joined?.forward }));
  joined?.serve({ fleet, south, events });
  let unready: string | undefined = 'it starts';
  const stunAt = stun && authorityOf({ address: stun.host, port: stun.port });
  let shown = setup.tls.certificates;
  const { api } = keep(
    await buildNorth(setup, {
      ...{ events, store, fleet, south, sendConnectionRequest, cwmp },
      ...{ stun: stunAt, certificates: () => shown },
      unready: () => unready ?? health.trouble() ?? (cluster.members.isServing() ? undefined : 'the store is away'),
      descriptors: () => descriptors.state,
    }),
  );

  const ticketKeys = setup.tls.certificates.length > 0 ? new TicketKeys({ store, clock, random, secrets }) : undefined;
  if (ticketKeys) keep(await followTicketKeys({ clock, log, keys: ticketKeys, use: south.useTicketKey }));
  for (const { url } of setup.cwmp) cwmp.push(await listenCwmp(url, south, setup.tls));
  keep({ close: async () => await setup.workers?.stop() });
  cwmp.push(...((await setup.workers?.start(fleet)) ?? []));
  const apiUrl = await listenApi(setup.api, api);
  for (const server of [...south.servers(), ...(api ? [api.server] : [])]) descriptors.watch(server);
  unready = undefined;
  if (setup.api) keep(startBackgroundWork(setup, { fleet, store, ticketKeys }));
  const announceEnd = (): void => {
    unready = 'it stops';
    ended.abort(new DOMException('the ACS closes', 'AbortError'));
  };
  keep({ close: announceEnd });

  return {
    ...{ cwmp, api: apiUrl, fleet, events, south },
    ...(stunAt === undefined ? {} : { stun: stunAt }),
    renewCertificates: certificates => {
      shown = certificates;
      south.renewCertificates(certificates);
      if (api) renewServer(api.server, certificates);
      setup.workers?.renew(certificates);
    },
  };
}

async function listenCwmp(url: URL, south: South, tls: ListenTls): Promise<string> {
  const secure = url.protocol === 'https:';
  const address = { host: hostOf(url), port: Number(url.port || (secure ? 443 : 80)) };
  const port = await listening('--cwmp', url, south.listen({ ...address, ...(secure ? { tls } : {}) }));
  return `${url.protocol}//${url.hostname}:${port}`;
}

async function listenApi(url: URL | undefined, api: FastifyInstance | undefined): Promise<string> {
  if (!url || !api) return '';
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const bound = await listening('--api', url, api.listen({ host: hostOf(url), port }));
  return `${url.protocol}//${url.hostname}:${new URL(bound).port || port}`;
}
