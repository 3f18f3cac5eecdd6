// Servers and CAs of the TLS preflight, by its API: declared by the operator, or learned by probes.
import assert from 'node:assert/strict';
import { ACS, cwmp, DGW, type Link, PreflightAcs, SUITES, verdictText } from '../../../support/acs/preflight.ts';

describe('servers and CAs of the preflight', () => {
  const tls = new PreflightAcs();
  const { servers } = tls;
  before(() => servers.prepare());
  beforeEach(() => tls.open());
  afterEach(() => tls.close());

  it('does not probe a SIP server that only a device names, and counts what is declared of it', async () => {
    await tls.declareCa();
    const id = await tls.enrol('000001', {
      ...cwmp(),
      [`${DGW}SipEp.TransportConfig.1.TlsEnable`]: 'Enable',
      [`${DGW}SipEp.DefaultStaticRegistrarServerHost`]: 'sip.inside:0',
      [`${DGW}SipEp.InteropTlsCertificateValidation`]: 'HostName',
    });
    const sip = async (): Promise<string> => {
      const { links } = (await tls.api.call('GET', `/devices/${encodeURIComponent(id)}/preflight`)).json as unknown as {
        links: Link[];
      };
      const link = links.find(entry => entry.link === 'sip');
      return `${link?.server} ${verdictText(link?.after)}`;
    };
    assert.equal(await sip(), 'sip.inside:5061 unknown server-unknown');
    assert.ok(!servers.probed.includes('sip.inside:5061'));
    const declared = { chains: [await servers.chainFor('sip.inside')], versions: ['TLSv1_2'] };
    const put = await tls.api.call('PUT', '/preflight/servers/sip.inside:5061', { body: declared });
    assert.deepEqual([put.status, put.json.source], [200, 'told']);
    assert.equal(await sip(), 'sip.inside:5061 keeps');
    await tls.api.call('PUT', '/preflight/servers/sip.inside:5061', { body: { ...declared, versions: ['TLSv1_3'] } });
    assert.equal(await sip(), 'sip.inside:5061 loses version');
    assert.equal((await tls.api.call('DELETE', '/preflight/servers/sip.inside:5061')).status, 204);
    servers.reachable.set('sip.inside:5061', await servers.facts('sip.inside'));
    assert.equal((await tls.api.call('POST', '/preflight/servers/sip.inside:5061/probe')).json.source, 'probed');
    assert.equal(await sip(), 'sip.inside:5061 keeps', 'the result of an explicit probe is known');
  });

  it('keeps a probe for ten minutes and a failed one for half a minute', async () => {
    await tls.enrol('000001', cwmp());
    const asks = async (): Promise<number> => {
      servers.probed.length = 0;
      await tls.hardening({ [SUITES]: 'CS3' });
      return servers.probed.filter(name => name === ACS).length;
    };
    assert.deepEqual([await asks(), await asks()], [1, 0]);
    await tls.api.acs.clock.advance(600_000);
    servers.reachable.clear();
    assert.deepEqual([await asks(), await asks()], [1, 0]);
    await tls.api.acs.clock.advance(30_000);
    assert.equal(await asks(), 1);
    const listed = (await tls.api.call('GET', '/preflight/servers')).json.items;
    assert.deepEqual(listed.find(({ server }) => server === ACS)?.reason, 'nobody is there');
  });

  it('refuses invalid servers and CAs with the place', async () => {
    const chains = [await servers.chainFor('a.test')];
    const put = (name: string, body: object, code: string) =>
      tls.api.refused(400, code, 'PUT', `/preflight/servers/${name}`, { body });
    await put('nowhere', { chains }, 'bad-server');
    await put('a.test:70000', { chains }, 'bad-server');
    await put('a.test:1', { chains, suites: ['TLS_NONE'] }, 'unknown-suite');
    await put('a.test:1', { chains: ['no certificate'] }, 'bad-certificate');
    await tls.api.refused(502, 'not-probed', 'POST', '/preflight/servers/a.test:1/probe');
    await tls.api.refused(404, 'no-such-server', 'DELETE', '/preflight/servers/b.test:1');
    await tls.api.refused(400, 'bad-certificate', 'PUT', '/trust/x', { body: { certificates: 'none' } });
    await tls.api.refused(400, 'passing-rule', 'PUT', '/trust/x', {
      body: { certificates: servers.ca.cert, when: 'online' },
    });
    await tls.api.refused(404, 'no-such-trust', 'DELETE', '/trust/x');
    await tls.declareCa();
    assert.deepEqual((await tls.api.call('GET', '/trust')).json.items[0]?.subjects, ['Operator CA']);
    assert.equal((await tls.api.call('DELETE', '/trust/profile')).status, 204);
  });
});
