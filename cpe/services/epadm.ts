// Endpoint Administration: locks endpoints, and shows which are in use.
import { adminStateOf, setAdminState, unitAdminState } from './common/endpoint-locks.ts';
import { cell, dgwPath, rowsOf, type Service, type Unit, X } from './service.ts';
import {
  callsOf,
  endCalls,
  endCallsOf,
  followLock,
  gatewayStates,
  isEndpointBusy,
  registrationStates,
  settleLocks,
} from './sip/sipep.ts';

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

const nameOf = (unit: Unit, row: number): string => cell(unit.config.tree, dgwPath(unit, `EpAdm.Endpoint.${row}.EpId`));

/** Takes calls again, and registers. */
async function unlock(unit: Unit, row: number): Promise<void> {
  setAdminState(unit, nameOf(unit, row), 'Unlocked');
  await followLock(unit, nameOf(unit, row));
}

/** Takes no new calls; those that are up go on, and the endpoint is locked once they have ended. */
async function lock(unit: Unit, row: number): Promise<void> {
  if (adminStateOf(unit, nameOf(unit, row)) === 'Unlocked') setAdminState(unit, nameOf(unit, row), 'ShuttingDown');
  settleLocks(unit);
}

async function forceLock(unit: Unit, row: number): Promise<void> {
  setAdminState(unit, nameOf(unit, row), 'Locked');
  await endCallsOf(unit, nameOf(unit, row));
  await followLock(unit, nameOf(unit, row));
}

/** Locks are not kept: each start of the service begins with the configured ones. */
async function startLocks(unit: Unit): Promise<void> {
  for (const { EpId, InitialAdminStateConfig } of rowsOf(unit, 'EpAdm.Endpoint', ['EpId', 'InitialAdminStateConfig'])) {
    const state = InitialAdminStateConfig === 'Locked' ? 'Locked' : 'Unlocked';
    if (adminStateOf(unit, EpId) === state) continue;
    setAdminState(unit, EpId, state);
    await followLock(unit, EpId);
  }
}

/** Our choice: an endpoint with a call is busy. */
function usageOf(unit: Unit, endpoint: string): string {
  if (isEndpointBusy(unit, endpoint)) return 'Busy';
  return adminStateOf(unit, endpoint) === 'Locked' ? 'IdleUnusable' : 'Idle';
}

export const epadm: Service = {
  name: 'EpAdm',
  start: startLocks,
  stop: endCalls,
  rowCommands: {
    [`${X}EpAdm.Endpoint.{i}.Unlock`]: unlock,
    [`${X}EpAdm.Endpoint.{i}.Lock`]: lock,
    [`${X}EpAdm.Endpoint.{i}.ForceLock`]: forceLock,
  },
  values: {
    [`${X}EpAdm.UnitOpState`]: unit => enabled(isUnitUp(unit)),
    [`${X}EpAdm.Endpoint.{i}.OpState`]: (unit, [row = 0]) => enabled(isEndpointUp(unit, nameOf(unit, row))),
    [`${X}EpAdm.Endpoint.{i}.AdminState`]: (unit, [row = 0]) => adminStateOf(unit, nameOf(unit, row)),
    [`${X}EpAdm.Endpoint.{i}.UsageState`]: (unit, [row = 0]) => usageOf(unit, nameOf(unit, row)),
    [`${X}EpAdm.UnitAdminState`]: unitAdminState,
    // Our choice: Busy once there are as many calls as endpoints.
    [`${X}EpAdm.UnitUsageState`]: unit => {
      const calls = callsOf(unit);
      if (calls === 0) return unitAdminState(unit) === 'Locked' ? 'IdleUnusable' : 'Idle';
      return calls >= Math.max(1, rowsOf(unit, 'EpAdm.Endpoint', []).length) ? 'Busy' : 'Active';
    },
  },
};
