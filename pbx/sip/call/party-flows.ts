// The flows of a call's parties: the one to send to, and the ones that speak for a party.
import type { Flow } from '../../../shared/sip/flow-types.ts';
import type { SipRequest } from '../../../shared/sip/message.ts';
import { otherSideOf } from '../../routes/match.ts';
import type { Routes } from '../../routes/routes.ts';
import type { Party } from '../calls.ts';
import type { ProxyOptions } from '../proxy-context.ts';

/** The flow that the call runs on, else the one of the party's registration or route, over TLS where the call is secure. */
export function flowTo({ location, routes }: ProxyOptions, party: Party, secure: boolean): Flow | undefined {
  if (party.flow && !party.flow.closed) return party.flow;
  const user = nameOf(party);
  const flows = user === undefined ? [openFlow(routes, party)] : location.find(user).map(({ flow }) => flow);
  party.flow = flows.find(flow => flow !== undefined && (!secure || flow.protocol === 'tls'));
  return party.flow;
}

/** A request over that flow comes from the party. */
export function speaksFor({ location, routes }: ProxyOptions, flow: Flow, party: Party, request: SipRequest): boolean {
  if (party.flow === flow) return true;
  const user = nameOf(party);
  if (user !== undefined) return location.find(user).some(binding => binding.flow === flow);
  const [own, origin] = [routes.get(party.route ?? 0), routes.originOf(flow, request)];
  return own !== undefined && origin !== undefined && otherSideOf(own) === otherSideOf(origin);
}

/** The name that the party is registered with; undefined behind a route that has an address. */
const nameOf = ({ user, route, trunk }: Party): string | undefined => (route === undefined ? user : trunk);

const openFlow = (routes: Routes, { route }: Party): Flow | undefined =>
  route === undefined ? undefined : routes.openFlow(route);
