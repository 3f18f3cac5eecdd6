// TR-069 3.3: CPEs that prove their identity by a client certificate.
import assert from 'node:assert/strict';
import { request as httpsRequest } from 'node:https';
import { seededRandom, systemClock } from '../../shared/clock.ts';
import { decodeEnvelope, encodeEnvelope } from '../../shared/cwmp/soap.ts';
import { type Authority, createCa, type Issued } from '../../shared/pki/authority.ts';
import { type TestAcs, testAcs } from '../support/acs/memory-acs.ts';
import { ScriptedCpe } from '../support/cpe/scripted-cpe.ts';
import { deviceId as id } from '../support/devices.ts';

describe('3.3 CPEs with certificates', () => {
  let acs: TestAcs;
  let ca: Authority;
  let foreign: Authority;
  let port: number;
  const environment = { clock: systemClock(), random: seededRandom(8) };
  before(async () => {
    ca = await createCa({ name: 'Devices', key: 'ec', ...environment });
    foreign = await createCa({ name: 'Stranger', key: 'ec', ...environment });
  });
  beforeEach(async () => {
    acs = await testAcs({ enrol: 'auto' });
    const server = await ca.issue({ commonName: 'acs', ips: ['127.0.0.1'], usage: ['server'], key: 'ec' });
    const certificates = [{ cert: server.chain, key: server.key }];
    port = await acs.south.listen({
      host: '127.0.0.1',
      port: 0,
      tls: { certificates, minVersion: 'TLSv1.2', clientCa: ca.cert },
    });
  });
  afterEach(async () => await acs.close());

  const own = (authority: Authority, commonName: string): Promise<Issued> =>
    authority.issue({ commonName, usage: ['client'], key: 'ec' });
  const post = (client?: Issued): Promise<{ status: number; fault: number }> =>
    new Promise((resolve, reject) => {
      const sent = httpsRequest(
        {
          host: '127.0.0.1',
          port,
          method: 'POST',
          ca: ca.cert,
          servername: '',
          agent: false,
          ...(client && { cert: client.chain, key: client.key }),
        },
        response => {
          let text = '';
          response.on('data', data => {
            text += String(data);
          });
          response.on('end', () => {
            const body = text === '' ? undefined : decodeEnvelope(text).body;
            resolve({ status: response.statusCode ?? 0, fault: body?.kind === 'fault' ? body.fault.code : 0 });
          });
        },
      );
      sent.on('error', reject);
      sent.end(encodeEnvelope(new ScriptedCpe(acs.app).inform()));
    });

  it('accepts a certificate that names the device without a challenge', async () => {
    assert.deepEqual(await post(await own(ca, id)), { status: 200, fault: 0 });
    assert.equal((await acs.store.device(id))?.state, 'enrolled');
  });

  it('holds a device that comes with another certificate than before', async () => {
    const first = await own(ca, id);
    await post(first);
    await post(first);
    assert.equal((await acs.store.device(id))?.state, 'enrolled');
    assert.match((await acs.store.device(id))?.certificate ?? '', /^[0-9a-f]{64}$/);
    await post(await own(ca, id));
    const row = await acs.store.device(id);
    assert.deepEqual([row?.state, row?.hold?.reason], ['held', 'certificate-changed']);
  });

  it('applies an enrolment rule to the issuer of a certificate', async () => {
    await acs.fleet.enrolment.rules.put('acme', { issuer: 'CN=Devices', action: 'refuse' });
    assert.deepEqual(await post(await own(ca, id)), { status: 200, fault: 8001 });
    assert.equal(await acs.store.device(id), undefined);
  });

  it('refuses a certificate that names another device (8001)', async () => {
    assert.deepEqual(await post(await own(ca, '0090F8-4102S-OTHER')), { status: 200, fault: 8001 });
    assert.equal(await acs.store.device(id), undefined);
  });

  it('challenges a CPE whose certificate is shared by many devices', async () => {
    assert.equal((await post(await own(ca, 'Acme gateways'))).status, 401);
  });

  it('challenges a CPE without a certificate or with one of another CA', async () => {
    assert.equal((await post(await own(foreign, id))).status, 401);
    assert.equal((await post()).status, 401);
  });
});
