// Certificates of clients at the SIP server: asked for, judged, and required, as an openSIPS of the vendor's annex does.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import type { Pbx } from '../../pbx/app.ts';
import { systemClock, systemRandom } from '../../shared/clock.ts';
import type { Authority } from '../../shared/pki/authority.ts';
import { createCa } from '../../shared/pki/authority.ts';
import {
  registered,
  startServer,
  startUnit,
  tlsSettings,
  type Unit,
  unitConfig,
  voiceAuthority,
} from '../support/cpe/voice.ts';

describe('client certificates at the PBX', () => {
  let authority: Authority;
  let stranger: Authority;
  let pbx: Pbx;
  let unit: Unit | undefined;

  before(async () => {
    authority = await voiceAuthority();
    stranger = await createCa({ name: 'Other CA', key: 'rsa', clock: systemClock(), random: systemRandom() });
  });
  afterEach(async () => {
    await unit?.agent.stop({ silent: true });
    unit = undefined;
    await pbx.stop();
  });

  const server = async (areRequired: boolean): Promise<void> => {
    const roots = [new X509Certificate(authority.cert)];
    pbx = await startServer(authority, { clients: { roots, areRequired } });
  };
  /** A unit with a Host certificate of that CA, or with none. */
  const start = async (issuer?: Authority): Promise<Unit> => {
    const issued = await issuer?.issue({ commonName: 'unit', usage: ['client'], key: 'rsa' });
    const host = issued && { host: { cert: issued.chain, key: issued.key } };
    const config = unitConfig('100', { host: '127.0.0.1', port: pbx.ports.tls ?? 0 }, { basePort: 18_000 });
    unit = startUnit(config, () => tlsSettings([authority.cert], host));
    return unit;
  };
  const isRefused = (one: Unit): Promise<void> =>
    one.until(agent => agent.connections()[0]?.failure !== undefined, 'the refusal');

  it('are judged where they are shown, and may be missing', async () => {
    await server(false);
    await (await start()).until(registered, 'registration without one');
    await unit?.agent.stop();
    await (await start(authority)).until(registered, 'registration with one');
    await unit?.agent.stop();
    await isRefused(await start(stranger));
    assert.deepEqual(pbx.registrations(), []);
  });

  it('are required where the server says so', async () => {
    await server(true);
    await isRefused(await start());
    await unit?.agent.stop();
    await (await start(authority)).until(registered, 'registration with one');
  });
});
