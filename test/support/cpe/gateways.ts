// Gateways in memory or with a state directory, on the host's clock and without an ACS.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGateway, type Gateway, type GatewayOptions } from '../../../cpe/gateway.ts';
import { type Clock, seededRandom, systemClock } from '../../../shared/clock.ts';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { silentLog } from '../../../shared/log.ts';
import { builtinModel } from '../../../shared/model/datamodel.ts';

export const clock: Clock = systemClock();
export const random = seededRandom(3);
/** The unit of most tests. */
export const identity = {
  manufacturer: 'Media5',
  oui: '0090F8',
  productClass: '4102S',
  serialNumber: '0090F8000001',
  mac: '0090f8000001',
};

export const FIRMWARE = '1 Firmware Upgrade Image';
export const SCRIPT = '3 Vendor Configuration File';
export const CERTIFICATE = 'X 0090F8 Certificate';

/** Makes gateways of one test, which all end with it. */
export class Gateways {
  /** Directory of the test, for states. */
  readonly directory: string;
  readonly #made: Gateway[] = [];

  static async open(): Promise<Gateways> {
    return new Gateways(await mkdtemp(join(tmpdir(), 'cpe-gateway-')));
  }

  private constructor(directory: string) {
    this.directory = directory;
  }

  async make(extra: Partial<GatewayOptions> = {}): Promise<Gateway> {
    const gateway = await createGateway({
      model: await builtinModel('dgw'),
      identity,
      address: '127.0.0.1',
      clock,
      random,
      log: silentLog,
      clockSource: 'host',
      ...extra,
    });
    this.#made.push(gateway);
    return gateway;
  }

  /** Makes and boots a gateway. */
  async up(extra: Partial<GatewayOptions> = {}): Promise<Gateway> {
    const gateway = await this.make(extra);
    await gateway.boot();
    return gateway;
  }

  async powerOff(): Promise<void> {
    for (const gateway of this.#made.splice(0)) await gateway.powerOff();
  }

  async close(): Promise<void> {
    await this.powerOff();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Sets values by script name or path, as the ACS. */
export const set = (gateway: Gateway, values: Record<string, string>): Promise<0 | 1> =>
  gateway.device.config.set(
    Object.entries(values).map(([name, value]) => ({ name: gateway.device.config.pathOf(name) ?? name, value })),
    'acs',
  );

/** The fault with which the work fails. */
export async function faultOf(work: Promise<unknown>): Promise<CwmpFault> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof CwmpFault, String(error));
    return error;
  }
  return assert.fail('no fault');
}

/** Path of the row that a variable lies in. */
export function pathOfRow(gateway: Gateway, name: string): string {
  const path = gateway.device.config.pathOf(name) ?? '';
  return path.slice(0, path.lastIndexOf('.') + 1);
}
