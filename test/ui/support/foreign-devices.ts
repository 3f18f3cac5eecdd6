// Devices of other makers beside the gateways of a world: over HTTP, with a listener for connection requests.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ForeignCpe, type ForeignIdentity, type ForeignValue } from '../../support/acs/foreign-cpe.ts';
import type { ScriptedCpe } from '../../support/cpe/scripted-cpe.ts';
import type { World } from '../../support/worlds/world.ts';

type App = ConstructorParameters<typeof ScriptedCpe>[0];

/** The CPEs that tests play speak through `inject`: here it is a request over the network. */
function overHttp(url: string): App {
  const inject = async ({ headers, payload }: { headers: Record<string, string>; payload: string }) => {
    const answer = await fetch(url, { method: 'POST', headers, body: payload });
    const cookie = answer.headers.getSetCookie()[0];
    const given = Object.fromEntries(answer.headers);
    return {
      statusCode: answer.status,
      headers: { ...given, ...(cookie === undefined ? {} : { 'set-cookie': cookie }) },
      body: await answer.text(),
    };
  };
  return { inject } as unknown as App;
}

export interface ForeignDevice {
  cpe: ForeignCpe;
  /** One session with these events. */
  informs: (...events: string[]) => Promise<void>;
  close: () => Promise<void>;
}

/** A device that can be woken: each connection request is followed by a session. */
export async function foreignDevice(
  world: World,
  identity: ForeignIdentity,
  tree: Record<string, ForeignValue>,
): Promise<ForeignDevice> {
  const cpe = new ForeignCpe({ app: overHttp(world.url) as never }, identity, tree);
  Object.assign(cpe.settings, { username: 'enrol', password: 'factory', scheme: 'digest', path: '/' });
  const informs = async (...events: string[]): Promise<void> => {
    cpe.settings.events = events;
    await cpe.run();
  };
  const { server, url } = await listener(() => void informs('6 CONNECTION REQUEST'));
  cpe.told = { [`${identity.root}ManagementServer.ConnectionRequestURL`]: url };
  return {
    cpe,
    informs,
    close: async () => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

async function listener(onRequest: () => void): Promise<{ server: Server; url: string }> {
  const server = createServer((_request, response) => {
    response.writeHead(200).end();
    onRequest();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/wake` };
}

const readOnly = (value: string, type = 'xsd:string'): ForeignValue => ({ value, type, readOnly: true });

/** A router by TR-098, with a voice line, Wi-Fi and a ping. */
export const tr098: { identity: ForeignIdentity; tree: Record<string, ForeignValue> } = {
  identity: {
    manufacturer: 'Bergwerk',
    oui: '00AABB',
    productClass: 'BR-42',
    serial: 'BW0001',
    version: '7.21',
    root: 'InternetGatewayDevice.',
  },
  tree: {
    'InternetGatewayDevice.DeviceInfo.SoftwareVersion': readOnly('7.21'),
    'InternetGatewayDevice.DeviceInfo.HardwareVersion': readOnly('B'),
    'InternetGatewayDevice.DeviceInfo.UpTime': readOnly('86400', 'xsd:unsignedInt'),
    'InternetGatewayDevice.ManagementServer.PeriodicInformInterval': { value: '300', type: 'xsd:unsignedInt' },
    'InternetGatewayDevice.ManagementServer.PeriodicInformEnable': { value: '1', type: 'xsd:boolean' },
    'InternetGatewayDevice.LANDevice.1.WLANConfiguration.1.SSID': { value: 'Bergwerk' },
    'InternetGatewayDevice.LANDevice.1.WLANConfiguration.1.Enable': { value: '1', type: 'xsd:boolean' },
    'InternetGatewayDevice.LANDevice.1.WLANConfiguration.1.KeyPassphrase': { value: '' },
    'InternetGatewayDevice.WANDevice.1.WANConnectionDevice.1.WANIPConnection.1.ExternalIPAddress':
      readOnly('203.0.113.7'),
    'InternetGatewayDevice.Services.VoiceService.1.VoiceProfile.1.Line.1.Status': readOnly('Up'),
    'InternetGatewayDevice.Services.VoiceService.1.VoiceProfile.1.Line.1.DirectoryNumber': { value: '101' },
  },
};
