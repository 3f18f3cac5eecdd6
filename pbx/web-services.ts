// The servers beside SIP and H.323 that are loaded where they are asked for: status page, manager, configuration of telephones.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Random } from '../shared/clock.ts';
import type { OptionValues } from '../shared/config.ts';
import type { Log } from '../shared/log.ts';
import type { Pbx, PbxOptions } from './app.ts';
import type { Shell } from './mdsh/shell.ts';
import type { serveOptions } from './options.ts';
import type { StatusSources } from './status/sources.ts';

/** Ports of the configuration server by custom. */
const PHONES = { http: 22_225, https: 22_226 };

export interface WebServicesOptions {
  options: OptionValues<typeof serveOptions>;
  pbx: Pbx;
  tls: Pick<PbxOptions, 'cert' | 'key' | 'tls'>;
  /** Carries out a line of the shell. */
  run: Shell['run'];
  clock: Clock;
  random: Random;
  log: Log;
  onStop(close: () => Promise<void>): void;
}

/** @returns the addresses of what was started, by name */
export async function startWebServices(services: WebServicesOptions): Promise<Record<string, string>> {
  return { ...(await startStatus(services)), ...(await startManager(services)), ...(await startPhones(services)) };
}

async function startStatus({ options, pbx, clock, log, onStop }: WebServicesOptions): Promise<Record<string, string>> {
  const { status: port, statusHost: host } = options;
  if (port === undefined) return {};
  const { serveStatus } = await import('./status/server.ts');
  const web = await serveStatus({ host, port, clock, log, sources: statusSourcesOf(pbx) });
  onStop(web.stop);
  return { status: `${host}:${web.port}` };
}

async function startManager(services: WebServicesOptions): Promise<Record<string, string>> {
  const { options, pbx, tls, run, clock, random, log, onStop } = services;
  const { manager: port, managerHost: host, managerPassword: password } = options;
  if (port === undefined || password === undefined) return {};
  const { serveManager } = await import('./manager/server.ts');
  const { cert = '', key = '' } = tls;
  const web = await serveManager({
    ...{ host, port, password, run, clock, random, log, tls: { cert, key, ...tls.tls } },
    ...{ domain: pbx.domain, exchange: pbx.exchange },
    terminals: dir => pbx.sources.flatMap(source => source.terminals(dir)),
  });
  onStop(web.stop);
  return { manager: `https://${host}:${web.port}/` };
}

/** The facts of a running exchange. */
export const statusSourcesOf = (pbx: Pbx): StatusSources => ({
  domain: pbx.domain,
  ports: pbx.ports,
  exchange: pbx.exchange,
  terminals: () => pbx.sources.flatMap(source => source.terminals()),
  calls: () => pbx.calls().map(({ kind: way, ...call }) => ({ ...call, kind: call.protocol ?? 'SIP', way })),
  routes: () => pbx.routes(),
  refusals: () => pbx.refusals.all(),
  refusalTotals: () => pbx.refusals.byRow(),
  connections: () => pbx.connections(),
  messages: () => pbx.messages(),
});

async function startPhones({
  options,
  pbx,
  tls,
  clock,
  log,
  onStop,
}: WebServicesOptions): Promise<Record<string, string>> {
  const { host, mxOne, phonesDir: folder } = options;
  const port = options.phones ?? (mxOne ? PHONES.http : undefined);
  const tlsPort = options.phonesTls ?? (mxOne ? PHONES.https : undefined);
  if (port === undefined && tlsPort === undefined) return {};
  const { servePhones } = await import('./phones/server.ts');
  const ca = options.cert === undefined ? await readFile(join(options.data, 'ca.pem'), 'utf8') : undefined;
  const { domain, ports: sipPorts, exchange } = pbx;
  const { cert = '', key = '' } = tls;
  const phones = await servePhones({
    ...{ host, tls: { cert, key, ...tls.tls }, domain, sipPorts, exchange, clock, log },
    ...(port !== undefined && { port }),
    ...(tlsPort !== undefined && { tlsPort }),
    ...(ca !== undefined && { ca }),
    ...(folder !== undefined && { folder }),
  });
  onStop(phones.stop);
  const { http, https } = phones.ports;
  return {
    ...(http !== undefined && { phones: `${host}:${http}` }),
    ...(https !== undefined && { phonesTls: `${host}:${https}` }),
  };
}
