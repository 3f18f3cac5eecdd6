// Registrations at the exchange over UDP and TLS, beside the least registrar: CPU and wall clock of each, and the memory it holds.
import { runningNode } from '../../contest.ts';
import { makeRow, type Row } from '../../figures.ts';
import { pause, type Setting, WorkNotDone } from '../../measure.ts';
import { registrarFloor } from '../../servers/pbx/exchange.ts';
import { cpuMs } from '../../servers/process-cost.ts';
import {
  AT_ONCE,
  registrationsOf,
  type Transport,
  telephoneCount,
  telephonesOf,
  withExchange,
} from './participants.ts';

/** Rounds on new processes: memory is that of the first registrations of a process. Handshakes of TLS take minutes. */
const MOST_ROUNDS = { udp: 3, tls: 1 };

interface Round {
  /** Milliseconds of CPU of the server, and of wall clock, for one registration. */
  cpu: number;
  wall: number;
  refreshCpu: number;
  /** Kilobytes of the server for one registration. */
  memory: number;
}

/** Answered requests stay for 64 × T1 over UDP (RFC 3261 17.2.2): they are no part of a registration. Few of them do not matter. */
const lingering = (protocol: Transport, count: number): number => (protocol === 'udp' && count >= 1000 ? 33_000 : 500);

async function ourRound(setting: Setting, protocol: Transport): Promise<Round> {
  const count = telephoneCount(setting);
  return await withExchange(setting, async (exchange, telephones) => {
    const heap = await exchange.heap();
    const before = cpuMs(exchange.pid);
    const { seconds } = await telephones.register(exchange.ports, protocol, count);
    const cpu = (cpuMs(exchange.pid) - before) / count;
    await registrationsOf(exchange, protocol, count);
    await pause(lingering(protocol, count));
    const memory = (1024 * ((await exchange.heap()) - heap)) / count;
    const again = cpuMs(exchange.pid);
    const { registered } = await telephones.ask({ kind: 'refresh', atOnce: AT_ONCE });
    const refreshCpu = (cpuMs(exchange.pid) - again) / count;
    if (registered !== count) throw new WorkNotDone(`${registered} of ${count} registrations were refreshed`);
    await registrationsOf(exchange, protocol, count);
    return { cpu, wall: (1000 * seconds) / count, refreshCpu, memory };
  });
}

async function floorRound(setting: Setting, protocol: Transport): Promise<Omit<Round, 'memory'>> {
  const count = telephoneCount(setting);
  const floor = await registrarFloor(setting.servers.tree, setting.nodes?.[0] ?? runningNode);
  const telephones = telephonesOf(setting);
  try {
    const before = cpuMs(floor.pid);
    const { seconds } = await telephones.register(floor.ports, protocol, count);
    const cpu = (cpuMs(floor.pid) - before) / count;
    const again = cpuMs(floor.pid);
    await telephones.ask({ kind: 'refresh', atOnce: AT_ONCE });
    const refreshCpu = (cpuMs(floor.pid) - again) / count;
    const kept = await floor.kept();
    if (kept !== count) throw new WorkNotDone(`the floor keeps ${kept} of ${count} registrations`);
    return { cpu, wall: (1000 * seconds) / count, refreshCpu };
  } finally {
    await Promise.all([floor.stop(), telephones.stop()]);
  }
}

export async function registrationRows(setting: Setting, protocol: Transport): Promise<Row[]> {
  const count = telephoneCount(setting);
  const ours: Round[] = [];
  const floors: Omit<Round, 'memory'>[] = [];
  for (let round = 0; round < Math.min(MOST_ROUNDS[protocol], setting.rounds); round++) {
    ours.push(await ourRound(setting, protocol));
    floors.push(await floorRound(setting, protocol));
  }
  const name = `registration over ${protocol.toUpperCase()}`;
  const of = (what: keyof Round): number[] => ours.map(round => round[what]);
  const floorOf = (what: 'cpu' | 'wall' | 'refreshCpu'): number[] => floors.map(round => round[what]);
  const perSecond = ours.map(({ wall }) => Math.round(1000 / wall)).join(', ');
  return [
    makeRow({
      name: `${name}: new, challenged by digest${protocol === 'tls' ? ', new connection' : ''}`,
      unit: 'ms server CPU / registration',
      ours: of('cpu'),
      floor: floorOf('cpu'),
      note: `${count} telephones with a socket each; ${perSecond} registrations a second, the telephones on the same machine`,
    }),
    makeRow({
      name: `${name}: refresh over the same flow`,
      unit: 'ms server CPU / registration',
      ours: of('refreshCpu'),
      floor: floorOf('refreshCpu'),
      note: 'the floor takes the old nonce without bound',
    }),
    makeRow({
      name: `${name}: memory of one`,
      unit: 'KB / registration',
      ours: of('memory'),
      note: `heap and external memory after a collection, ${count} registrations${protocol === 'tls' ? '; without those of OpenSSL' : ''}`,
    }),
  ];
}
