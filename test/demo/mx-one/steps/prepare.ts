// The state before security: extensions of the exchange, and gateways that the ACS has registered in clear.
import { readFile } from 'node:fs/promises';
import { type Detail, expect, until } from '../../observe.ts';
import { executed, registrationBy } from '../observe.ts';
import type { MxOneWorld } from '../world.ts';

/** Two lines of a gateway, a gateway as trunk, a Mitel telephone, and a number whose telephone is of another maker and insecure. */
export async function extensions(world: MxOneWorld, detail: Detail): Promise<string> {
  const lines = [
    'extension -i -d 4100..4101,4150,4200 --csp 1 --lim 1 --security-exception no',
    'extension -i -d 4300 --csp 1 --lim 1 --security-exception yes --third-party-client yes',
    'ip_extension -i -d 4100..4101,4150,4200,4300 --protocol SIP',
    'auth_code -i -d 4100 --auth-code 2468 --csp 1 --cil 4100',
    'auth_code -i -d 4101 --auth-code 1357 --csp 1 --cil 4101',
    'auth_code -i -d 4150 --auth-code 7531 --csp 1 --cil 4150',
    'auth_code -i -d 4200 --auth-code 8642 --csp 1 --cil 4200',
  ];
  for (const line of lines) await executed(world, line);
  const printed = await executed(world, 'extension -p -d 4100..4300');
  expect(
    ['4100', '4101', '4150', '4200', '4300'].every(dir => printed.some(line => line.startsWith(dir))),
    printed.join('\n'),
  );
  detail.commands = lines;
  detail.printed = printed;
  return '5 extensions: 4 without security exception and with a code, 1 with exception for a telephone of another maker';
}

/** The presets of examples/presets, the site fields of the gateways, and their first sessions. */
export async function gateways(world: MxOneWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const { api, exchange } = world;
  await api('PUT', '/files/mx-one-ca.pem?type=certificate', Buffer.from(exchange.ca));
  for (const name of ['lines', 'trunk', 'policy-0', 'policy-1', 'policy-2', 'policy-3'])
    await api('PUT', `/presets/mx-one-${name}`, await example(`mx-one-${name}`));
  for (const { id, site, gateway } of [world.lines, world.trunk]) {
    await api('POST', '/devices', { id, site: { ...site, mxOnePolicy: '0' } });
    await gateway.boot();
  }
  const lines = [];
  for (const dir of ['4100', '4101', '4150']) lines.push(await registrationBy(world, dir, 'Table 1 row 3', signal));
  const devices = [];
  for (const { id } of [world.lines, world.trunk])
    devices.push(
      await until('a gateway is not enrolled', signal, async () => {
        const { state } = await api('GET', `/devices/${id}`);
        return state === 'enrolled' && { id, state };
      }),
    );
  expect(
    lines.every(line => line.signalling === 'not encrypted' && line.port === exchange.ports.udp),
    'the lines are not registered in clear',
  );
  detail.devices = devices;
  detail.registrations = lines;
  return `enrolled by CWMP, ${lines[0]?.userAgent}; lines and trunk at the plain port, ${lines[0]?.row}`;
}

const example = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(new URL(`../../../../examples/presets/${name}.json`, import.meta.url), 'utf8'));
