// The command `run`: one gateway in the foreground, until a signal or (--once) the end of its first session.
import { sleepOrAbort } from '../shared/abort.ts';
import { SocketWatch } from '../shared/capture/socket-watch.ts';
import { type Clock, systemClock, systemRandom } from '../shared/clock.ts';
import { type OptionValues, UsageError } from '../shared/config.ts';
import { CwmpFault } from '../shared/cwmp/faults.ts';
import { UserError } from '../shared/errors.ts';
import { createLog, type Log } from '../shared/log.ts';
import type { SipTap } from '../shared/sip/flow-types.ts';
import { SipTrace } from '../shared/sip/trace/trace.ts';
import { type KeyLogger, openKeyLog } from '../shared/tls/keylog.ts';
import { openWireLog } from '../shared/wire-log.ts';
import { acsAddress } from './agent/acs-url.ts';
import { CallNumbers } from './control/call-numbers.ts';
import { callIdsOf } from './control/calls.ts';
import { ControlSocket } from './control/serve.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { networkOf } from './network.ts';
import { type runOptions, splitAssignment, splitHostPort } from './options.ts';
import type { Pages, SnmpServer, UnitServer } from './services/service.ts';
import { addressFor, chooseModel, chooseProfile, identityOf, readMikeyKey } from './setup.ts';
import { UnitConsole } from './unit-console.ts';
import { UnitPagesOf } from './unit-pages.ts';
import { UnitSnmp } from './unit-snmp.ts';

/** Address of the pages with --ui alone: the one that the documentation uses. */
const PAGES = '127.0.0.1:8081';

export type RunOptions = OptionValues<typeof runOptions>;

export interface Terminal {
  write(text: string): void;
  /** The output goes to a person. */
  pretty: boolean;
  /** Aborts at a signal: the program ends in good order. */
  signal: AbortSignal;
  /** Resident memory, bytes. */
  memory(): number;
}

/** @returns exit code */
export async function run(options: RunOptions, terminal: Terminal): Promise<number> {
  const clock = systemClock();
  const log = createLog({
    clock,
    level: options.logLevel,
    pretty: terminal.pretty,
    write: line => terminal.write(`${line}\n`),
  });
  const trace = traceOf(options, clock);
  const control = options.state === undefined ? undefined : await ControlSocket.open(options.state, log);
  const traffic = new SocketWatch();
  try {
    return await runUnit(options, terminal.signal, { clock, log, trace, control, traffic });
  } finally {
    traffic.close();
    await control?.close();
  }
}

interface Frame {
  clock: Clock;
  log: Log;
  trace: SipTrace | undefined;
  control: ControlSocket | undefined;
  traffic: SocketWatch;
}

async function runUnit(options: RunOptions, signal: AbortSignal, frame: Frame): Promise<number> {
  const { clock, log, trace, control, traffic } = frame;
  const wire =
    options.wire === undefined ? undefined : await openWireLog(options.wire, log, { isMasked: !options.wireSecrets });
  const keylog = options.keylog === undefined ? undefined : openKeyLog(options.keylog, log);
  const numbers = new CallNumbers(() => callIdsOf(gateway.device));
  const tap = control && numbers.tap(trace?.tap);
  const web = options.web ?? (options.ui ? PAGES : undefined);
  const pages = web === undefined ? undefined : new UnitPagesOf(web, options.webSecure);
  const console = options.cli === undefined ? undefined : new UnitConsole(options.cli);
  const snmp = options.snmp === undefined ? undefined : new UnitSnmp(options.snmp);
  const gateway: Gateway = await build(options, {
    clock,
    log,
    wire,
    tap,
    keylog: keylog?.write,
    pages,
    console,
    snmp,
    traffic,
  });
  try {
    await pages?.first(gateway.device);
    await assign(gateway, options.set);
    askFor(gateway, options.requestDownload);
    await gateway.boot();
    if (!gateway.device.services.started('Web')) await pages?.close();
    console?.check();
    snmp?.check();
    const { identity, address } = gateway.device;
    const acs = acsAddress(gateway.device)?.url ?? '';
    const connectionRequest = gateway.agent?.connectionRequestUrl ?? '';
    control?.serve(gateway.device, { numbers, trace });
    const addresses = {
      address,
      acs,
      connectionRequest,
      ...pages?.addresses,
      ...(console && { cli: console.address }),
      ...(snmp && { snmp: snmp.address }),
      ...(control?.path !== undefined && { control: control.path }),
    };
    log.info('ready', {
      serial: identity.serialNumber,
      oui: identity.oui,
      productClass: identity.productClass,
      ...addresses,
    });
    const page = pages?.addresses.web ?? pages?.addresses.webSecure;
    if (options.ui && page !== undefined) log.info('pages of the unit are open', { page });
    return await live(gateway, options.once, signal);
  } finally {
    await pages?.stop();
    await gateway.stop();
    await wire?.done();
    keylog?.close();
  }
}

interface Surroundings {
  clock: Clock;
  log: Log;
  wire: Awaited<ReturnType<typeof openWireLog>> | undefined;
  tap: SipTap | undefined;
  keylog: KeyLogger | undefined;
  traffic: SocketWatch;
  pages: Pages | undefined;
  console: UnitServer | undefined;
  snmp: SnmpServer | undefined;
}

/** @throws UsageError when the messages would be kept and could not be asked for */
function traceOf({ ladder, state, wireSecrets }: RunOptions, clock: Clock): SipTrace | undefined {
  if (!ladder) return undefined;
  if (state === undefined) throw new UsageError('--ladder needs --state DIR, where the command ladder finds the unit');
  return new SipTrace(clock, { isMasked: !wireSecrets });
}

async function build(
  options: RunOptions,
  { clock, log, wire, tap, keylog, pages, console, snmp, traffic }: Surroundings,
): Promise<Gateway> {
  const dhcp = dhcpOf(options);
  const model = await chooseModel(options.model);
  const profile = await chooseProfile(model, { ...options, dhcp: dhcp !== undefined });
  const host =
    options.acs === undefined ? (dhcp && 'server' in dhcp ? dhcp.server.host : '') : new URL(options.acs).hostname;
  const givesTime = [...Object.keys(profile.parameters), ...options.set].some(name =>
    /StaticSntpServers|NTPServer/i.test(name),
  );
  const source =
    options.clock === 'auto' ? (dhcp || givesTime ? 'sntp' : 'host') : options.clock === 'host' ? 'host' : 'sntp';
  traffic.address = options.address ?? addressFor(host);
  return createGateway({
    model,
    identity: identityOf(options),
    stateDir: options.state,
    profile,
    address: traffic.address,
    traffic,
    clock,
    random: systemRandom(),
    tap,
    keylog,
    pages,
    console,
    snmp,
    log,
    dhcp,
    listen: splitHostPort(options.listen),
    wire: wire?.tap,
    wireHead: wire?.head,
    once: options.once,
    askMethods: options.askMethods,
    softwareVersion: options.softwareVersion,
    clockSource: source,
    anyFirmware: options.anyFirmware,
    profileName: options.profileName,
    lan: options.lan,
    network: networkOf(options.reach),
    mikeyKey: options.mikeyKey === undefined ? undefined : await readMikeyKey(options.mikeyKey),
  });
}

function dhcpOf(options: RunOptions): { server: { host: string; port: number } } | { interface: string } | undefined {
  if (options.dhcp !== undefined) return { server: splitHostPort(options.dhcp) };
  return options.dhcpInterface === undefined ? undefined : { interface: options.dhcpInterface };
}

async function assign(gateway: Gateway, assignments: readonly string[]): Promise<void> {
  for (const text of assignments) {
    const { name, value } = splitAssignment(text);
    try {
      await gateway.device.config.set([{ name: gateway.device.config.pathOf(name) ?? name, value }], 'unit');
    } catch (error) {
      if (!(error instanceof CwmpFault)) throw error;
      throw new UserError(400, 'bad-value', `--set ${name}: ${error.parameters[0]?.message ?? error.message}`);
    }
  }
}

/** Asks the ACS for a file, once: the request is kept until it is answered. Before 0 BOOTSTRAP is delivered it would be discarded (TR-069 3.7.1.5). */
function askFor(gateway: Gateway, fileType: string | undefined): void {
  if (fileType === undefined) return;
  let requested = false;
  gateway.onAgent(agent => {
    const request = (): void => {
      if (requested || gateway.device.state.facts.bootstrapped === '') return;
      requested = true;
      agent.requestDownload(fileType);
    };
    request();
    agent.sessions.onEnd(request);
  });
}

/** The longest time that a program sleeps through while no socket and no timer keeps it alive; any will do. */
const A_DAY = 86_400_000;

/** Until the first session ends (`once`) or a signal; a unit that has nothing to do waits for that too. */
async function live(gateway: Gateway, once: boolean, signal: AbortSignal): Promise<number> {
  const ended = new Promise<number>(resolve => {
    if (signal.aborted) resolve(0);
    signal.addEventListener('abort', () => resolve(once ? 1 : 0), { once: true });
  });
  if (!once) {
    while (!signal.aborted) await sleepOrAbort(gateway.device.clock, A_DAY, signal);
    return await ended;
  }
  const session = gateway.agent?.sessions.first.then(report => (report.ok ? 0 : 1)) ?? Promise.resolve(1);
  return await Promise.race([session, ended]);
}
