// The fleet with its ports to the outside: connection requests, webhooks, file links and probes.

import { networks } from '../../shared/net/address.ts';
import type { EventBus } from '../events.ts';
import type { LinkFile, SendConnectionRequest } from '../fleet/common/ports.ts';
import type { Secrets } from '../fleet/common/secrets.ts';
import { createFleet, type Fleet } from '../fleet/fleet.ts';
import { OidcProvider } from '../north/oidc/identity-provider.ts';
import { createPoster } from '../north/webhook-sender.ts';
import { refusal } from '../south/connection-request/policy.ts';
import { createProbeAcs } from '../south/probe/acs.ts';
import { probeTls } from '../south/probe/tls.ts';
import { linkOf } from '../south/transfers/link.ts';
import { buildAuditSyslog } from './audit-syslog.ts';
import { hostOf } from './listening.ts';
import type { AcsSetup, Part } from './setup.ts';
import type { Cluster } from './store.ts';

export interface FleetParts {
  events: EventBus;
  secrets: Secrets;
  cluster: Cluster;
  sendConnectionRequest: SendConnectionRequest;
  /** The addresses for CPEs; filled when the listeners are bound. */
  cwmp: readonly string[];
}

export function buildFleet(setup: AcsSetup, parts: FleetParts): Part & { fleet: Fleet } {
  const { clock, random, log, enrol, cpeAuth, enrolment } = setup;
  const { events, secrets, cluster, sendConnectionRequest, cwmp } = parts;
  const { members, store, joined } = cluster;
  const base = setup.publicUrl?.replace(/(?<!\/)\/+$/, '');
  const poster = createPoster(networks(setup.webhookAllow ?? []), setup.tls.keylog);
  const syslog = buildAuditSyslog(setup);
  const allowed = networks(setup.connectionRequestAllow);
  const fleet = createFleet({
    ...{ store, clock, random, log, events, secrets, members, enrol, cpeAuth },
    ...(enrolment ? { enrolment } : {}),
    ...(setup.rebootstrap ? { rebootstrap: setup.rebootstrap } : {}),
    ...(setup.maxParameters === undefined ? {} : { maxParameters: setup.maxParameters }),
    ports: {
      ...joined?.ports,
      sendConnectionRequest,
      post: poster.post,
      judgePost: poster.judge,
      ...(syslog.sink ? { auditSink: syslog.sink } : {}),
      ...(setup.oidc ? { identityProvider: new OidcProvider(setup.oidc, clock) } : {}),
      linkFile: fileLinks(secrets, came => base ?? came ?? cwmp[0]),
      probeAcs: createProbeAcs(clock),
      preflight: {
        probeTls: (host, port) => probeTls(host, port, clock),
        mayAsk: (address, host) => refusal({ address }, host, allowed) === undefined,
        own: () => ownTls(base, cwmp),
      },
    },
  });
  const close = async (): Promise<void> => {
    await syslog.close();
    await poster.close();
  };
  return { fleet, close };
}

export const linkKey = (secrets: Secrets): Buffer => secrets.keyFor('file links');

/** @param base the URL before the path; it may follow the URL by which the CPE came */
export function fileLinks(secrets: Secrets, base: (came?: string) => string | undefined): LinkFile {
  const key = linkKey(secrets);
  return (task, direction, came) => base(came) + linkOf(key, task, direction);
}

/** The URL that CPEs are given, and the TLS listener behind it: one on all interfaces is probed on the loopback. */
function ownTls(
  base: string | undefined,
  cwmp: readonly string[],
): { url?: string; listener?: { host: string; port: number } } {
  const url = base ?? cwmp[0];
  const secure = cwmp.map(text => new URL(text)).find(({ protocol }) => protocol === 'https:');
  const host =
    secure &&
    hostOf(secure)
      .replace(/^0\.0\.0\.0$/, '127.0.0.1')
      .replace(/^::$/, '::1');
  return {
    ...(url === undefined ? {} : { url }),
    ...(secure && host !== undefined ? { listener: { host, port: Number(secure.port || 443) } } : {}),
  };
}
