// The row of a device that is met or announced for the first time.
import type { DeviceIdentity, DeviceRow } from '../row.ts';

export function newRow(id: string, identity: DeviceIdentity, state: DeviceRow['state'], now: number): DeviceRow {
  return {
    id,
    manufacturer: identity.manufacturer,
    oui: identity.oui,
    productClass: identity.productClass,
    serialNumber: identity.serialNumber,
    state,
    created: now,
    connectionRequest: { url: '', username: '', password: '' },
    tags: [],
    site: {},
    overrides: {},
    lastEvents: [],
    address: '',
    softwareVersion: '',
    hardwareVersion: '',
    provisioningCode: '',
    parameterKey: '',
    root: '',
    told: '{}',
    // Tokens start at the time of birth, so that those of a removed device mean nothing to one that returns under its id.
    fence: now,
    applied: {},
    tasks: [],
    faults: [],
  };
}
