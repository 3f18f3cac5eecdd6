// A live fleet of three products on loopback, with an ACS of its own: sites, presets, a fault, a rollout under way.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { acsOptions } from '../../../acs/config.ts';
import { type Started, start } from '../../../acs/server/start.ts';
import { fleet } from '../../../cpe/fleet/fleet.ts';
import { fleetOptions } from '../../../cpe/options.ts';
import { readOptions } from '../../../shared/config.ts';
import { packFirmware } from '../../../shared/firmware.ts';
import { eventually } from '../../support/eventually.ts';
import { type Api, apiOf } from '../servers.ts';
import { olderGateway } from './models.ts';

export interface LiveFleet {
  api: Api;
  /** Address of the pages, without a slash at its end. */
  base: string;
  /** A link by which a viewer looks on, once. */
  viewerLink: () => Promise<string>;
  /** The same for an administrator. */
  adminLink: () => Promise<string>;
  close: () => Promise<void>;
}

interface Product {
  model: string;
  oui: string;
  productClass: string;
  manufacturer: string;
  count: number;
}

const SITES = ['Graz', 'Linz', 'Salzburg', 'Villach', 'Wels', 'Steyr', 'Leoben', 'Bregenz'];
const REGIONS = ['south', 'north', 'west', 'south', 'north', 'north', 'south', 'west'];
const FIRMWARE = '49.2.2941';

/** @param folder takes the data of the ACS @param size 1 for 40 gateways, 20 routers and 12 older gateways */
export async function openLiveFleet(folder: string, size = 1): Promise<LiveFleet> {
  const started = await startTheAcs(folder);
  const api = apiOf(started);
  const model = join(folder, 'older-gateway.xml');
  await writeFile(model, olderGateway('3.14.7'));
  const products: Product[] = [
    { model: 'dgw', oui: '0090F8', productClass: '4102S', manufacturer: 'Media5', count: 40 * size },
    { model: 'device', oui: '00D09E', productClass: 'Router', manufacturer: 'Plain', count: 20 * size },
    { model, oui: '0050C2', productClass: 'VR400', manufacturer: 'Older', count: 12 * size },
  ];
  await setHeartbeat(api);
  const stop = new AbortController();
  const [acs = ''] = started.acs.cwmp;
  const running = products.map(async product => await fleet(...unitsOf(product, { acs, stop: stop.signal })));
  const count = products.reduce((sum, product) => sum + product.count, 0);
  const informed = async (): Promise<boolean> =>
    Number((await api('GET', '/devices?count=true&limit=1')).total) >= count;
  await eventually('the fleet has informed', informed, 60_000);
  await furnish(api);
  return {
    api,
    base: started.acs.api,
    viewerLink: async () => await linkOf(api, 'viewer'),
    adminLink: async () => await linkOf(api, 'admin'),
    close: async () => {
      stop.abort();
      await Promise.allSettled(running);
      await started.acs.close();
    },
  };
}

async function linkOf(api: Api, role: 'viewer' | 'admin'): Promise<string> {
  await api('PUT', `/users/demo-${role}`, { role });
  return String((await api('POST', `/users/demo-${role}/link`)).url);
}

async function startTheAcs(folder: string): Promise<Started> {
  const argv = ['--data', join(folder, 'acs'), '--cwmp', 'http://127.0.0.1:0', '--api', 'http://127.0.0.1:0'];
  const open = ['--cpe-auth', 'none', '--enrol', 'auto', '--log-level', 'silent'];
  const { values } = readOptions(acsOptions, { argv: [...argv, ...open] });
  return await start(values, { pretty: false, write: line => process.stderr.write(`${line}\n`) });
}

function unitsOf(
  { model, oui, productClass, manufacturer, count }: Product,
  { acs, stop }: { acs: string; stop: AbortSignal },
): Parameters<typeof fleet> {
  const argv = [
    ...['--acs', acs, '--model', model, '--oui', oui, '--product-class', productClass, '--manufacturer', manufacturer],
    ...['--count', String(count), '--duration', '31536000', '--ramp', '2', '--log-level', 'silent'],
    ...(model === 'dgw' ? ['--any-firmware'] : []),
  ];
  const { values } = readOptions(fleetOptions, { argv });
  const terminal = { write: () => undefined, pretty: false, signal: stop, memory: () => 0 };
  return [values, terminal];
}

/** Units of this model inform by themselves only when they are told to: otherwise they would be lost after their first session. */
async function setHeartbeat(api: Api): Promise<void> {
  const server = 'Device.ManagementServer.';
  await api('PUT', '/presets/heartbeat', {
    when: 'productClass != "VR400"',
    set: { [`${server}PeriodicInformEnable`]: true, [`${server}PeriodicInformInterval`]: 30 },
  });
}

/** Sites, tags, presets, a fault, an alert and a rollout, as an operator has them. */
async function furnish(api: Api): Promise<void> {
  const { items } = (await api('GET', '/devices?fields=id,productClass&limit=1000')) as {
    items: { id: string; productClass: string }[];
  };
  await api('PATCH', '/devices', {
    items: items.map(({ id, productClass }, at) => ({
      id,
      site: { name: SITES[at % SITES.length], region: REGIONS[at % REGIONS.length] },
      tags: [...(productClass === '4102S' ? ['voice-tls'] : []), ...(at % 9 === 0 ? ['pilot'] : [])],
    })),
  });
  const root = 'Device.X_0090F8_';
  // The older gateways do not know the parameter, which makes a fault.
  await api('PUT', '/presets/guest-wifi', {
    when: 'productClass = "VR400"',
    set: { 'InternetGatewayDevice.LANDevice.WLANConfiguration.BeaconType': '11i' },
  });
  await api('PUT', '/presets/voice', {
    when: 'tag = "voice-tls"',
    weight: 5,
    set: { [`${root}Nlm.SyslogRemoteHost`]: 'log.example.net' },
  });
  await api('PUT', '/alerts/offline', { filter: 'not online', above: 5, severity: 'critical' });
  await api('PUT', '/views/voice', { q: 'tag = "voice-tls"', shared: true });
  const image = packFirmware({ product: '4102S', version: FIRMWARE, payload: Buffer.alloc(64 * 1024, 0x5a) });
  await api('PUT', `/files/dgw-${FIRMWARE}?type=firmware&version=${FIRMWARE}&productClass=4102S`, image);
  await api('POST', '/rollouts', {
    id: 'spring',
    filter: 'productClass = "4102S"',
    firmware: `dgw-${FIRMWARE}`,
    waves: ['5%', '25%'],
    parallelism: 10,
    success: { soak: 600 },
    failure: { total: '10%', action: 'pause' },
  });
  await api('POST', '/devices', { id: '0090F8-4102S-0090F8FFFF01', site: { name: 'Graz', region: 'south' } });
}
