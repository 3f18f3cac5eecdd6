// TR-069 3.3: CPEs that prove who they are by a certificate of their own.
import assert from 'node:assert/strict';
import { request as httpsRequest } from 'node:https';
import { seededRandom, systemClock } from '../../shared/clock.ts';
import { decodeEnvelope, encodeEnvelope } from '../../shared/cwmp/soap.ts';
import { type Authority, createCa, type Issued } from '../../shared/pki/authority.ts';
import { ScriptedCpe, type TestAcs, testAcs } from '../support/acs/memory-acs.ts';

const id = '0090F8-4102S-0090F8000001';

describe('3.3 CPEs with certificates', () => {
  let acs: TestAcs;
  let ca: Authority;
  let stranger: Authority;
  let port: number;
  const environment = { clock: systemClock(), random: seededRandom(8) };
  before(async () => {
    ca = await createCa({ name: 'Devices', key: 'ec', ...environment });
    stranger = await createCa({ name: 'Stranger', key: 'ec', ...environment });
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

  it('a certificate that names the device is proof enough: no challenge', async () => {
    assert.deepEqual(await post(await own(ca, id)), { status: 200, fault: 0 });
    assert.equal((await acs.store.device(id))?.state, 'enrolled');
  });

  it('which certificate it was is kept: with another one the device is held', async () => {
    const first = await own(ca, id);
    await post(first);
    await post(first);
    assert.equal((await acs.store.device(id))?.state, 'enrolled');
    assert.match((await acs.store.device(id))?.certificate ?? '', /^[0-9a-f]{64}$/);
    await post(await own(ca, id));
    const row = await acs.store.device(id);
    assert.deepEqual([row?.state, row?.hold?.reason], ['held', 'certificate-changed']);
  });

  it('a rule may ask for the issuer of a certificate, also of one that many share', async () => {
    await acs.fleet.enrolment.rules.put('acme', { issuer: 'CN=Devices', action: 'refuse' });
    assert.deepEqual(await post(await own(ca, id)), { status: 200, fault: 8001 });
    assert.equal(await acs.store.device(id), undefined);
  });

  it('one that names another device is not: 8001', async () => {
    assert.deepEqual(await post(await own(ca, '0090F8-4102S-OTHER')), { status: 200, fault: 8001 });
    assert.equal(await acs.store.device(id), undefined);
  });

  it('one that many devices share names none of them: HTTP authentication is still asked for', async () => {
    assert.equal((await post(await own(ca, 'Acme gateways'))).status, 401);
  });

  it('one of another CA, or none, leaves HTTP authentication to do: 401', async () => {
    assert.equal((await post(await own(stranger, id))).status, 401);
    assert.equal((await post()).status, 401);
  });
});
