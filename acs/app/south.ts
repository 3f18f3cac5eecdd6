// The side of the CPEs: sessions and file transfers, answered also for other members of the cluster.
import type { EventBus } from '../events.ts';
import type { Secrets } from '../fleet/common/secrets.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { South } from '../south/listener.ts';
import type { Forward } from '../south/session-forwarding.ts';
import { linkKey } from './fleet.ts';
import type { AcsSetup, Part } from './setup.ts';

type SouthSetup = Pick<AcsSetup, 'clock' | 'random' | 'log' | 'cpeAuth' | 'trustedProxies'> &
  Partial<Pick<AcsSetup, 'proxyProtocol' | 'limits' | 'wire' | 'wireMasked'>>;

export interface SouthParts {
  events: EventBus;
  secrets: Secrets;
  fleet: Fleet;
  /** Hands a POST to the member that has its session. */
  forward?: Forward | undefined;
}

export function buildSouth(
  setup: SouthSetup,
  { events, secrets, fleet, forward }: SouthParts,
): Part & { south: South } {
  const { clock, random, log, cpeAuth, trustedProxies, proxyProtocol, limits, wire, wireMasked } = setup;
  const south = new South({
    ...{ fleet, clock, random, log, events, cpeAuth, trustedProxies },
    keys: {
      nonces: secrets.keyFor('nonces'),
      links: linkKey(secrets),
      cookies: secrets.keyFor('session cookies'),
    },
    proxyProtocol,
    limits,
    ...(forward ? { forward } : {}),
    ...(wire ? { wire, wireMasked } : {}),
  });
  const close = async (): Promise<void> => {
    await fleet.history.stop();
    await fleet.traces.stop();
    await south.close();
  };
  return { south, close };
}
