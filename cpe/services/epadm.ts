// Endpoint Administration: shows that the unit is in use.
import { cell, dgwPath, rowsOf, type Service, type Unit, X } from './service.ts';
import { callsOf, endCalls, gatewayStates, registrationStates } from './sip/sipep.ts';

/** DGW `SipEp.Default…UnregisteredBehavior`: an endpoint that should be registered and is nowhere is disabled. */
function isEndpointUp(unit: Unit, endpoint: string): boolean {
  if (!['EpAdm', 'SipEp'].every(name => unit.services.started(name))) return false;
  const states = registrationStates(unit, endpoint);
  return states.length === 0 || states.some(state => state === 'Registered' || state === 'Refreshing');
}

/** With `UnitDisabledWhenNoGatewayReadyEnable`, a unit without a gateway that is ready is disabled; else one whose SIP service is stopped. */
function isUnitUp(unit: Unit): boolean {
  if (!['EpAdm', 'SipEp'].every(name => unit.services.started(name))) return false;
  if (unit.config.variable('EpAdm.UnitDisabledWhenNoGatewayReadyEnable') !== 'Enable') return true;
  return gatewayStates(unit).includes('Ready');
}

const enabled = (isUp: boolean): string => (isUp ? 'Enable' : 'Disable');

export const epadm: Service = {
  name: 'EpAdm',
  stop: endCalls,
  values: {
    [`${X}EpAdm.UnitOpState`]: unit => enabled(isUnitUp(unit)),
    [`${X}EpAdm.Endpoint.{i}.OpState`]: (unit, [row = 0]) =>
      enabled(isEndpointUp(unit, cell(unit.config.tree, dgwPath(unit, `EpAdm.Endpoint.${row}.EpId`)))),
    // Our choice: Busy once there are as many calls as endpoints.
    [`${X}EpAdm.UnitUsageState`]: unit => {
      const calls = callsOf(unit);
      if (calls === 0) return 'Idle';
      return calls >= Math.max(1, rowsOf(unit, 'EpAdm.Endpoint', []).length) ? 'Busy' : 'Active';
    },
  },
};
