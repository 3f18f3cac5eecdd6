// The exchange as a process of its own, with extensions in its data; and its floor, the least registrar.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Change } from '../../../../pbx/exchange/data.ts';
import { Exchange } from '../../../../pbx/exchange/exchange.ts';
import { systemClock, systemRandom } from '../../../../shared/clock.ts';
import { askControl } from '../../../../shared/control/client.ts';
import { silentLog } from '../../../../shared/log.ts';
import { createCa } from '../../../../shared/pki/authority.ts';
import type { NodeBinary } from '../../nodes.ts';
import { builtFile } from '../build.ts';
import { answerOf, forked, isRunning, stopped } from '../children.ts';
import { type BenchServers, heapMb } from '../servers.ts';
import type { RegistrarFloorReady } from './registrar-floor.ts';

export const DOMAIN = 'bench.test';
export const FIRST_NUMBER = 20_000;
const COMMAND_MS = 120_000;

/** An extension for each telephone; its PIN is its number. */
function extensionsOf(count: number): Change[] {
  return Array.from({ length: count }, (_, nth): Change[] => {
    const dir = String(FIRST_NUMBER + nth);
    const features = { lim: 1, csp: 1, customer: 0, maxTerminals: 1 };
    return [
      {
        table: 'extensions',
        key: dir,
        row: { dir, ...features, securityException: false, thirdPartyClient: true },
      },
      { table: 'ipExtensions', key: dir, row: { dir, protocol: 'SIP' } },
      {
        table: 'authorizationCodes',
        key: `dir:${dir}`,
        row: { code: dir, dir, customer: 0, csp: 0, cil: '', isRestricted: false },
      },
    ];
  }).flat();
}

export interface ExchangeServer {
  pid: number;
  ports: { udp: number; tls: number };
  /** The result of an operator's command. */
  ask(command: string, ...args: string[]): Promise<unknown>;
  /** Carries out a line of the shell. @throws Error when it is not executed */
  shell(line: string): Promise<void>;
  /** Megabytes held after a collection. */
  heap(): Promise<number>;
  /** Lines of the log with that message so far. */
  logged(message: string): readonly Record<string, unknown>[];
  stop(): Promise<void>;
}

/** Starts the exchange as it is delivered, with that many extensions. */
export async function exchangeServer(
  { folder, tree, profile }: Pick<BenchServers, 'folder' | 'tree' | 'profile'>,
  node: NodeBinary,
  extensions: number,
): Promise<ExchangeServer> {
  const data = await mkdtemp(join(folder, 'pbx-'));
  const exchange = await Exchange.open({ folder: data, log: silentLog });
  await exchange.commit(extensionsOf(extensions));
  await exchange.close();
  const profiling = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [];
  const loaded = [...profiling, '--expose-gc', '--import', builtFile(tree, 'test/bench/servers/report-memory')];
  const ports = ['--port', '0', '--tls-port', '0', '--domain', DOMAIN];
  const words = ['serve', '--data', data, ...ports, '--license', 'VOIP-SECURITY'];
  const child = spawn(node.path, [...loaded, builtFile(tree, 'pbx/main'), ...words], {
    cwd: tree,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const log = new LogLines(child);
  const ready = (await log.first('ready')) as { tls: string; udp: string };
  const portOf = (address: string): number => Number(address.split(':').at(-1));
  const control = join(data, 'control.sock');
  const clock = systemClock();
  return {
    pid: child.pid ?? 0,
    ports: { udp: portOf(ready.udp), tls: portOf(ready.tls) },
    ask: (command, ...args) => askControl(control, command, args, clock, { timeoutMs: COMMAND_MS }),
    shell: async line => {
      const options = { timeoutMs: COMMAND_MS, options: { isConfirmed: true } };
      const answer = (await askControl(control, 'mdsh', [line], clock, options)) as { exit?: number };
      if (answer.exit !== 0) throw new Error(`${line}: ${JSON.stringify(answer)}`);
    },
    heap: () => heapMb(child),
    logged: message => log.all(message),
    stop: () => stopped(child),
  };
}

/** The lines that are looked at afterwards; the others are read and dropped. */
const keptMessages = ['ready', 'proxied call ended'];

class LogLines {
  readonly #child: ChildProcess;
  readonly #lines: Record<string, unknown>[] = [];

  constructor(child: ChildProcess) {
    this.#child = child;
    if (!child.stdout) throw new Error('the exchange has no output');
    createInterface({ input: child.stdout }).on('line', line => {
      if (keptMessages.some(message => line.includes(`"msg":"${message}"`)))
        this.#lines.push(JSON.parse(line) as Record<string, unknown>);
    });
  }

  all(message: string): Record<string, unknown>[] {
    return this.#lines.filter(({ msg }) => msg === message);
  }

  async first(message: string): Promise<Record<string, unknown>> {
    for (;;) {
      const [found] = this.all(message);
      if (found) return found;
      if (!isRunning(this.#child)) throw new Error(`the exchange ended with ${this.#child.exitCode}`);
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  }
}

export interface RegistrarFloor {
  pid: number;
  ports: { udp: number; tls: number };
  /** Registrations that it keeps. */
  kept(): Promise<number>;
  stop(): Promise<void>;
}

export async function registrarFloor(tree: string, node: NodeBinary): Promise<RegistrarFloor> {
  const authority = await createCa({ name: 'bench', key: 'rsa', clock: systemClock(), random: systemRandom() });
  const { chain: cert, key } = await authority.issue({
    commonName: DOMAIN,
    dns: [DOMAIN],
    usage: ['server'],
    key: 'rsa',
  });
  const child = forked(builtFile(tree, 'test/bench/servers/pbx/registrar-floor'), node);
  const ports = await answerOf<RegistrarFloorReady>(child, { cert, key, domain: DOMAIN });
  return {
    pid: child.pid ?? 0,
    ports,
    kept: async () => (await answerOf<{ kept: number }>(child, 'kept')).kept,
    stop: () => stopped(child),
  };
}
