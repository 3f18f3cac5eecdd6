// npm run bench: what a session costs the server, beside a bare floor in the same run. CPU of the server process alone (all its
// threads, user and system), from /proc; wall times are only told.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock, systemRandom } from '../../shared/clock.ts';
import { helpText, type OptionSpecs, readOptions, UsageError } from '../../shared/config.ts';
import { type Body, encodeEnvelope, requestBody, responseBody } from '../../shared/cwmp/soap.ts';
import { createCa } from '../../shared/pki/authority.ts';
import type { FloorOrder } from './floor.ts';
import type { LoadOrder, LoadReport } from './load.ts';

const specs = {
  json: { kind: 'string', value: 'FILE', help: 'write {"rows": [{name, unit, ours, floor, ratio, goal}]}' },
  devices: { kind: 'number', help: 'devices stored', default: 10_000, min: 1, max: 1_000_000 },
  sessions: { kind: 'number', help: 'sessions of each measurement', default: 3_000, min: 10, max: 1_000_000 },
  profile: { kind: 'string', value: 'DIR', help: 'write CPU profiles of the ACS and its store threads there' },
  results: { kind: 'string', value: 'FILE', help: 'write the table as Markdown, with machine, date and commit' },
} as const satisfies OptionSpecs;

interface Row {
  name: string;
  unit: string;
  ours: number;
  floor: number | null;
  ratio: number | null;
  goal: string;
  note: string;
}

/** Clock ticks a second in /proc/PID/stat: 100 on every Linux that Node runs on. */
const TICK_MS = 10;

function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

const started: ChildProcess[] = [];

async function load(order: LoadOrder): Promise<LoadReport> {
  const child = fork(new URL('./load.ts', import.meta.url), { execArgv: ['--import', 'tsx'] });
  started.push(child);
  const report = await new Promise<LoadReport>((resolve, reject) => {
    child.once('message', message => resolve(message as LoadReport));
    child.once('exit', code => reject(new Error(`load ended with ${code}`)));
    child.send(order);
  });
  child.kill();
  return report;
}

interface Server {
  pid: number;
  port: number;
  stop(): Promise<void>;
}

const stopped = async (child: ChildProcess): Promise<void> => {
  const exit = new Promise<void>(resolve => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  await exit;
};

async function floorServer(order: FloorOrder): Promise<Server> {
  const child = fork(new URL('./floor.ts', import.meta.url), { execArgv: ['--import', 'tsx'] });
  started.push(child);
  child.send(order);
  const { port } = await new Promise<{ port: number }>(resolve =>
    child.once('message', message => resolve(message as { port: number })),
  );
  return { pid: child.pid ?? 0, port, stop: () => stopped(child) };
}

interface AcsServer extends Server {
  api(method: string, path: string, body?: string, type?: string): Promise<unknown>;
}

/** Where CPU profiles go, if they are asked for. */
let profileFolder: string | undefined;

async function acsServer(folder: string, options: { tls?: { cert: string; key: string }[] }): Promise<AcsServer> {
  const scheme = options.tls ? 'https' : 'http';
  const pairs = (options.tls ?? []).flatMap(pair => ['--cert', pair.cert, '--key', pair.key]);
  const argv = [
    '--data',
    folder,
    '--cwmp',
    `${scheme}://127.0.0.1:0`,
    '--api',
    'http://127.0.0.1:0',
    '--cpe-auth',
    'none',
    '--enrol',
    'auto',
    ...pairs,
  ];
  const profiling = profileFolder
    ? ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`, '--import', './test/bench/profiled.ts']
    : [];
  const child = spawn(process.execPath, ['--import', 'tsx', ...profiling, 'acs/main.ts', ...argv], {
    env: { ...process.env, TANDEM_ADMIN_TOKEN: 'bench-token' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const ready = await new Promise<{ cwmp: string[]; api: string }>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', line => {
      const entry = JSON.parse(line) as { msg: string; cwmp: string[]; api: string };
      if (entry.msg === 'ready') resolve(entry);
    });
    child.once('exit', code => reject(new Error(`the ACS ended with ${code}`)));
  });
  return {
    pid: child.pid ?? 0,
    port: Number(new URL(ready.cwmp[0] ?? '').port),
    stop: () => stopped(child),
    api: async (method, path, body, type = 'application/json') => {
      const answer = await fetch(`${ready.api}/api/v1${path}`, {
        method,
        headers: { authorization: 'Bearer bench-token', 'content-type': type },
        ...(body === undefined ? {} : { body }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 200)}`);
      return text ? JSON.parse(text) : undefined;
    },
  };
}

const idOf = (number: number): string => `0090F8-4102S-${String(number).padStart(8, '0')}`;
const interval = 'Device.X_0090F8_Cwmp.PeriodicInformInterval';
const UNKNOWN_TIME = '0001-01-01T00:00:00Z';

/** An Inform of 25 parameters, about 5 KB, as a gateway sends it. */
function informOf(parameterKey: string): string {
  const parameters: Record<string, string> = {
    'Device.DeviceSummary': 'Device:1.5[](Baseline:1)',
    'Device.DeviceInfo.HardwareVersion': '1',
    'Device.DeviceInfo.SoftwareVersion': '49.2.2941',
    'Device.ManagementServer.ParameterKey': parameterKey,
    'Device.ManagementServer.ConnectionRequestURL': 'http://127.0.0.1:7547/bench',
    'Device.LAN.IPAddress': '127.0.0.1',
  };
  for (let n = Object.keys(parameters).length; n < 25; n++)
    parameters[`Device.X_0090F8_Bench.Counter${n}`] = `value ${n}`;
  return encodeEnvelope({
    namespace: '1-2',
    id: '1',
    body: requestBody('Inform', {
      DeviceId: { Manufacturer: 'Media5', OUI: '0090F8', ProductClass: '4102S', SerialNumber: '@SERIAL@' },
      Event: [{ EventCode: '2 PERIODIC', CommandKey: '' }],
      MaxEnvelopes: 1,
      CurrentTime: UNKNOWN_TIME,
      RetryCount: 0,
      ParameterList: Object.entries(parameters).map(([Name, Value]) => ({ Name, Value, Type: 'xsd:string' })),
    }) as Body,
  });
}

const response = (method: string, result: unknown): string =>
  encodeEnvelope({ namespace: '1-2', id: '@ID@', body: responseBody(method as 'Reboot', result as never) as Body });
const answers = {
  SetParameterValues: response('SetParameterValues', { Status: 0 }),
  GetParameterValues: response('GetParameterValues', {
    ParameterList: [{ Name: interval, Value: '3600', Type: 'xsd:unsignedInt' }],
  }),
};

interface Measured {
  cpu: number;
  report: LoadReport;
}

/** Milliseconds of server CPU a session, once warm. */
async function measure(server: Server, order: Omit<LoadOrder, 'port'>): Promise<Measured> {
  // Each device once before: the first contact of a device is another thing than its next.
  await load({ ...order, port: server.port, sessions: Math.max(2000, order.devices) });
  const before = cpuMs(server.pid);
  const report = await load({ ...order, port: server.port });
  if (report.failed) throw new Error(`${report.failed} sessions failed`);
  return { cpu: (cpuMs(server.pid) - before) / report.sessions, report };
}

async function fill(server: AcsServer, devices: number): Promise<void> {
  const chunk = 5_000;
  for (let from = 0; from < devices; from += chunk) {
    const lines = Array.from({ length: Math.min(chunk, devices - from) }, (_, n) => idOf(from + n));
    await server.api('POST', '/devices', `id\n${lines.join('\n')}\n`, 'text/csv');
  }
}

interface Setting {
  folder: string;
  devices: number;
  sessions: number;
}

type Bench = (setting: Setting) => Promise<Row[]>;

const rowOf = (name: string, ours: Measured, floor: Measured | undefined, goal: string): Row => ({
  name,
  unit: 'ms server CPU / session',
  ours: round(ours.cpu),
  floor: floor ? round(floor.cpu) : null,
  ratio: floor ? round(ours.cpu / floor.cpu) : null,
  goal,
  note: `${Math.round(ours.report.sessions / ours.report.seconds)} sessions/s, p50 ${ours.report.p50.toFixed(1)} ms, p99 ${ours.report.p99.toFixed(1)} ms`,
});

const round = (value: number): number => Math.round(value * 1000) / 1000;

const benches: Record<string, Bench> = {
  http: async ({ folder, devices, sessions }) => {
    const order = { sessions, concurrency: 32, devices: Math.min(devices, sessions), inform: informOf(''), answers };
    const floor = await floorServer({ file: join(folder, 'floor.db'), devices });
    const floorFirst = await measure(floor, order);
    const server = await acsServer(join(folder, 'http'), {});
    await fill(server, devices);
    const rows = [
      rowOf(
        'Inform-only session, plain HTTP, no authentication, new connection',
        await measure(server, order),
        floorFirst,
        '≤ 0.45 ms',
      ),
    ];

    await server.api('PUT', '/presets/base', JSON.stringify({ set: { [interval]: 3600 } }));
    const key = await revisionOf(server, order);
    const settled = { ...order, inform: informOf(key) };
    rows.push(rowOf('same, with presets, nothing to do', await measure(server, settled), floorFirst, '≤ 0.5 ms'));

    const tasked = Math.min(devices, sessions);
    for (let n = 0; n < tasked; n++) {
      await server.api(
        'POST',
        `/devices/${idOf(n)}/tasks`,
        JSON.stringify({ method: 'SetParameterValues', args: { ParameterList: { [interval]: 3600 } } }),
      );
    }
    const before = cpuMs(server.pid);
    const report = await load({ ...settled, port: server.port, sessions: tasked, devices: tasked });
    rows.push(
      rowOf(
        'session with one SetParameterValues',
        { cpu: (cpuMs(server.pid) - before) / report.sessions, report },
        undefined,
        '≤ 0.8 ms',
      ),
    );
    await floor.stop();
    await server.stop();
    return rows;
  },
  tls: async ({ folder, devices, sessions }) => {
    const environment = { clock: systemClock(), random: systemRandom() };
    const ca = await createCa({ name: 'Bench CA', key: 'rsa', ...environment });
    const pairs = await Promise.all(
      (['rsa', 'ec'] as const).map(async key => {
        const issued = await ca.issue({ commonName: '127.0.0.1', ips: ['127.0.0.1'], usage: ['server'], key });
        const [cert, keyFile] = [join(folder, `${key}.pem`), join(folder, `${key}.key`)];
        await writeFile(cert, issued.chain);
        await writeFile(keyFile, issued.key);
        return { cert, key: keyFile, pem: issued };
      }),
    );
    const base = {
      sessions: Math.ceil(sessions / 2),
      concurrency: 16,
      devices: Math.min(devices, Math.ceil(sessions / 2)),
      inform: informOf(''),
      answers,
    };
    const cases = [
      {
        name: 'Inform-only session, TLS 1.2, RSA-2048, a CS3 suite, new connection',
        tls: { maxVersion: 'TLSv1.2' as const, ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' },
        goal: '≤ 1.3 × floor',
      },
      {
        name: 'Inform-only session, TLS 1.3, ECDSA P-256, new connection',
        tls: { maxVersion: 'TLSv1.3' as const },
        goal: '≤ 1.5 ms',
      },
    ];
    const floor = await floorServer({
      file: join(folder, 'floor-tls.db'),
      devices,
      tls: { cert: pairs.map(pair => pair.pem.chain), key: pairs.map(pair => pair.pem.key) },
    });
    const server = await acsServer(join(folder, 'tls'), { tls: pairs });
    await fill(server, devices);
    const rows: Row[] = [];
    for (const { name, tls, goal } of cases)
      rows.push(rowOf(name, await measure(server, { ...base, tls }), await measure(floor, { ...base, tls }), goal));
    await floor.stop();
    await server.stop();
    return rows;
  },
};

/** The revision that the ACS wants of device 0, as its own SetParameterValues tells. */
async function revisionOf(server: AcsServer, order: Omit<LoadOrder, 'port'>): Promise<string> {
  await load({ ...order, port: server.port, sessions: 1, devices: 1, concurrency: 1 });
  const device = (await server.api('GET', `/devices/${idOf(0)}`)) as { wantedRevision: string };
  return device.wantedRevision;
}

function table(rows: Row[]): string {
  const cells = rows.map(row => [
    row.name,
    `${row.ours}`,
    row.floor === null ? '' : `${row.floor}`,
    row.ratio === null ? '' : `${row.ratio} ×`,
    row.goal,
    row.note,
  ]);
  const head = ['measure', 'ours (ms)', 'floor (ms)', 'ratio', 'goal', 'told'];
  return [head, head.map(() => '---'), ...cells].map(line => `| ${line.join(' | ')} |`).join('\n');
}

async function main(argv: string[]): Promise<number> {
  if (argv.includes('--help')) {
    process.stdout.write(
      helpText(
        'npm run bench -- [NAME] [options]',
        `Measures: ${Object.keys(benches).join(', ')}; all of them unless one is named.`,
        specs,
      ),
    );
    return 0;
  }
  const { values, positionals } = readOptions(specs, { argv });
  const wrong = positionals.find(name => !benches[name]);
  if (wrong) throw new UsageError(`'${wrong}' is not one of ${Object.keys(benches).join(', ')}`);
  profileFolder = values.profile && resolve(values.profile);
  const folder = await mkdtemp(join(tmpdir(), 'tandem-bench-'));
  const rows: Row[] = [];
  try {
    for (const [name, bench] of Object.entries(benches)) {
      if (positionals.length && !positionals.includes(name)) continue;
      rows.push(...(await bench({ folder, devices: values.devices, sessions: values.sessions })));
    }
  } finally {
    for (const child of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
  const about = `${values.devices} devices stored, ${values.sessions} sessions each, ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, Node ${process.version}`;
  process.stdout.write(`${about}\n\n${table(rows)}\n`);
  if (values.json) await writeFile(values.json, `${JSON.stringify({ rows }, null, 2)}\n`);
  if (values.results)
    await writeFile(
      values.results,
      `# Measurements\n\n${new Date().toISOString().slice(0, 10)}: ${about}.\n\n${table(rows)}\n`,
    );
  return 0;
}

main(process.argv.slice(2)).then(
  code => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(
      `${error instanceof UsageError ? `usage: ${error.message}` : ((error as Error).stack ?? String(error))}\n`,
    );
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
