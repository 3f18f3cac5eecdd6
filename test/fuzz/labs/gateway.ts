// The gateway under test: a process as a user starts it, with servers of the fuzz around it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { messageType } from '../../../shared/dhcp/options.ts';
import { decodeMessage } from '../../../shared/dhcp/packet.ts';
import { createCa } from '../../../shared/pki/authority.ts';
import { fakeStun } from '../../support/servers/stun.ts';
import type { Lab } from '../lab.ts';
import type { Marks } from '../marks.ts';
import type { Plan, Protocol } from '../plan.ts';
import { converse, type Place, play } from '../play.ts';
import { dhcpConversations, sntpConversations } from '../targets/gateway-answers.ts';
import { CR_LOGIN, learnRequest, requestConversations } from '../targets/gateway-requests.ts';
import { timeMark } from '../targets/mikey.ts';
import { telephone } from '../targets/sip.ts';
import { WatchedProcess } from '../watched-process.ts';
import { DatagramServer } from './datagram-server.ts';
import { RawAcs } from './raw-acs.ts';
import { answersOptions, probeSip } from './sip-probe.ts';
import { TlsRegistrar, UdpRegistrar } from './sip-server.ts';

/** The marks stand for the unit's address. */
export const gatewayParties = { domain: '@{unit}@', user: '200', password: '', callee: '100' };
const SIP_PORT = 5060;
const SECURE_PORT = 5061;

/** A surface of the gateway: how it is started, and how cases reach it. */
interface Surface {
  args: readonly string[];
  /** Called once the gateway runs. */
  begin?(gateway: RunningGateway): void;
  play(plan: Plan, gateway: RunningGateway): Promise<void>;
  probe?(gateway: RunningGateway): Promise<void>;
  close(): void;
}

interface RunningGateway {
  address: string;
  /** Of connection requests. */
  url: URL;
  marks: Marks;
  /** Makes it open a session. */
  request(): Promise<void>;
}

let units = 0;

export async function openGatewayLab(folder: string, target: string): Promise<Lab> {
  // An address of its own on loopback, so that port 5060 is its own.
  const address = `127.120.${process.pid % 250}.${(++units % 250) + 1}`;
  const surface = await surfaceOf(target, folder);
  const program = new WatchedProcess('cpe/main.ts', [
    ...['run', '--address', address, '--listen', `${address}:0`, ...surface.args],
    ...sets({
      'Device.ManagementServer.ConnectionRequestUsername': CR_LOGIN.user,
      'Device.ManagementServer.ConnectionRequestPassword': CR_LOGIN.password,
    }),
  ]);
  try {
    const ready = await program.line('ready');
    const gateway = runningGateway(address, new URL(String(ready.connectionRequest)));
    surface.begin?.(gateway);
    return {
      process: program,
      probe: () => surface.probe?.(gateway) ?? probeListener(gateway),
      play: (_, plan) => surface.play(plan, gateway),
      close: async () => {
        surface.close();
        await program.stop();
      },
    };
  } catch (error) {
    surface.close();
    await program.stop();
    throw error;
  }
}

const sets = (values: Readonly<Record<string, string>>): string[] =>
  Object.entries(values).flatMap(([name, value]) => ['--set', `${name}=${value}`]);

function runningGateway(address: string, url: URL): RunningGateway {
  const place: Place = { host: address, port: Number(url.port) };
  const marks: Marks = new Map([
    ['path', url.pathname],
    ['unit', `${address}:${SIP_PORT}`],
  ]);
  const [conversation] = requestConversations;
  const sends = (conversation?.messages ?? []).map(({ body, frame }) => ({
    bytes: frame(body),
    ...{ cuts: [], pauseMs: 0, patienceMs: 2000, to: undefined },
  }));
  const plan: Plan = {
    seed: 0,
    index: 0,
    conversation: 'request',
    protocol: 'tcp',
    sends,
    ending: 'close',
    source: '127.0.0.1',
    changes: [],
  };
  return {
    address,
    url,
    marks,
    request: async () => {
      // The listener closes after each answer: the digest of the first answer goes over a second connection.
      let known: Marks = new Map(marks);
      for (const send of sends) {
        await play(
          { ...plan, sends: [send] },
          place,
          (text, learned) => {
            learnRequest(url.pathname)(text, learned);
            known = new Map(learned);
          },
          known,
        );
      }
    },
  };
}

async function probeListener({ url }: RunningGateway): Promise<void> {
  const answer = await fetch(url, { headers: { connection: 'close' } });
  await answer.arrayBuffer();
  if (answer.status !== 401) throw new Error(`connection request answered ${answer.status}`);
}

// ---- surfaces

const nobody = 'http://127.0.0.1:9/acs';

async function surfaceOf(target: string, folder: string): Promise<Surface> {
  switch (target.replace('gateway-', '')) {
    case 'http':
      return httpSurface();
    case 'udp':
      return await datagramSurface();
    case 'dhcp':
      return await dhcpSurface(false);
    case 'sntp':
      return await dhcpSurface(true);
    case 'acs':
      return await acsSurface();
    case 'sip-tls':
      return await tlsSurface(folder);
    case 'sip-server':
      return await securePortSurface(folder);
    default:
      return await sipSurface(target.endsWith('tcp') ? 'tcp' : 'udp');
  }
}

const httpSurface = (): Surface => ({
  args: ['--acs', nobody],
  play: (plan, { address, url, marks }) =>
    play(plan, { host: address, port: Number(url.port) }, learnRequest(url.pathname), marks),
  close: () => undefined,
});

/** The port of UDP connection requests is that from which the unit asks its STUN server. */
async function datagramSurface(): Promise<Surface> {
  const stun = await fakeStun();
  return {
    args: [
      ...['--acs', nobody],
      ...sets({
        'Device.ManagementServer.STUNEnable': '1',
        'Device.ManagementServer.STUNServerAddress': '127.0.0.1',
        'Device.ManagementServer.STUNServerPort': String(stun.port),
      }),
    ],
    play: async (plan, { address }) => {
      if (stun.asker > 0) await play(plan, { host: address, port: stun.asker }, () => undefined);
      else await sleep(50);
    },
    close: () => void stun.close(),
  };
}

/** Questions come with a lease, and a session that cannot reach its ACS asks for one. */
async function dhcpSurface(isSntp: boolean): Promise<Surface> {
  const valid = (kind: number): Buffer => {
    const message = dhcpConversations[0]?.messages[kind];
    return message ? message.frame(message.body) : Buffer.alloc(0);
  };
  const dhcp = await DatagramServer.open({
    kind: 'dhcp',
    questionOf: bytes => {
      const isRequest = messageType(decodeMessage(bytes).options) === 'REQUEST';
      return { at: isRequest ? 1 : 0, valid: valid(isRequest ? 1 : 0), isLast: isRequest };
    },
  });
  const time = sntpConversations[0]?.messages[0]?.body ?? Buffer.alloc(48);
  const sntp = await DatagramServer.open({ kind: 'sntp', questionOf: () => ({ at: 0, valid: time, isLast: true }) });
  const played = isSntp ? sntp : dhcp;
  const over = new AbortController();
  return {
    args: [
      ...['--dhcp', `127.0.0.1:${dhcp.port}`],
      ...sets({
        'Hoc.SntpConfigSource': 'Static',
        'Hoc.StaticSntpServers[Priority=1].HostName': `127.0.0.1:${sntp.port}`,
      }),
    ],
    begin: gateway => void keepAsking(gateway, played, over.signal),
    play: plan => played.play(plan),
    close: () => {
      over.abort();
      dhcp.close();
      sntp.close();
    },
  };
}

/** The unit takes 60 connection requests a minute. */
async function keepAsking(gateway: RunningGateway, server: DatagramServer, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    if (server.isWanted) await gateway.request().catch(() => undefined);
    await sleep(1000);
  }
}

async function acsSurface(): Promise<Surface> {
  const acs = await RawAcs.open();
  return {
    args: [
      '--acs',
      acs.url,
      ...sets({
        'Device.ManagementServer.CWMPRetryMinimumWaitInterval': '1',
        'Device.ManagementServer.CWMPRetryIntervalMultiplier': '1000',
      }),
    ],
    play: (plan, gateway) => acs.play(plan, () => gateway.request()),
    close: () => acs.close(),
  };
}

const account = (port: number): Record<string, string> => ({
  'SipEp.DefaultStaticRegistrarServerHost': `127.0.0.1:${port}`,
  'SipEp.UserAgent[EpId=Phone-Fax1].Username': gatewayParties.callee,
});
const transport = (name: string): Record<string, string> =>
  Object.fromEntries(
    ['Udp', 'Tcp', 'Tls'].map(one => [
      `SipEp.TransportConfig[GatewayName=default].${one}Enable`,
      one === name ? 'Enable' : 'Disable',
    ]),
  );

async function sipSurface(protocol: Protocol): Promise<Surface> {
  const registrar = new UdpRegistrar();
  const port = await registrar.open();
  const { learn } = telephone(gatewayParties, protocol);
  const learnMedia = (text: string, marks: Marks): void => {
    learn(text, marks);
    marks.set('control', String(Number(marks.get('media') ?? 0) + 1));
  };
  return {
    args: [
      '--acs',
      nobody,
      ...sets({
        ...account(port),
        ...transport(protocol === 'tcp' ? 'Tcp' : 'Udp'),
        'Mipt.DefaultSecurityRtpMode': 'SecureWithFallback',
        'Mipt.DefaultSecurityKeyManagement': protocol === 'tcp' ? 'Mikey' : 'Sdes',
      }),
    ],
    play: (plan, { address, marks }) =>
      play(plan, { host: address, port: SIP_PORT }, learnMedia, new Map([...marks, timeMark()])),
    probe: ({ address }) => probeSip({ host: address, port: SIP_PORT }, protocol, `${gatewayParties.callee}@`),
    close: () => registrar.close(),
  };
}

/** The unit as SIP/TLS server, with a certificate of its own. */
async function securePortSurface(folder: string): Promise<Surface> {
  const authority = await createCa({ name: 'Fuzz', key: 'rsa', clock: systemClock(), random: systemRandom() });
  const { cert, key } = await authority.issue({ commonName: 'unit', usage: ['server'], key: 'rsa' });
  const host = join(folder, 'host.pem');
  await writeFile(host, cert + key);
  const { learn } = telephone(gatewayParties, 'tls');
  const place = (address: string): Place => ({ host: address, port: SECURE_PORT });
  return {
    args: [
      ...['--acs', nobody, '--host-cert', host],
      ...sets({ ...account(0), 'SipEp.DefaultStaticRegistrarServerHost': '0.0.0.0:0', ...transport('Tls') }),
    ],
    play: (plan, { address, marks }) => play(plan, place(address), learn, new Map([...marks, timeMark()])),
    probe: ({ address }) => probeSip(place(address), 'tls', `${gatewayParties.callee}@`),
    close: () => undefined,
  };
}

/** Over TLS the unit connects, and again some seconds after a loss: its connection is kept while messages still get through. */
async function tlsSurface(folder: string): Promise<Surface> {
  const registrar = await TlsRegistrar.open();
  const ca = join(folder, 'ca.pem');
  await writeFile(ca, registrar.ca);
  const { learn } = telephone(gatewayParties, 'tls');
  return {
    args: [
      '--acs',
      nobody,
      '--ca',
      ca,
      ...sets({ ...account(registrar.port), ...transport('Tls'), 'SipEp.TransportFailbackInterval': '5' }),
    ],
    play: async (plan, { marks }) => {
      const socket = await registrar.connection();
      const answers = await converse(socket, plan, learn, marks);
      if (answers.ended || !(await answersOptions(socket))) socket.destroy();
    },
    close: () => registrar.close(),
  };
}
