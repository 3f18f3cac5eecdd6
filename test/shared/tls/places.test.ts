// The SIP servers to which a unit opens TLS connections, from its variables.
import assert from 'node:assert/strict';
import { placesOf, placeVariables } from '../../../shared/tls/places.ts';

describe('SIP servers of a unit with TLS', () => {
  const factory: Record<string, string> = {
    'SipEp.TransportConfig.1.TlsEnable': 'Enable',
    'Conf.ScriptsTransferProtocol': 'Http',
    'SipEp.DefaultStaticRegistrarServerHost': '192.168.10.10:0',
    'SipEp.DefaultStaticProxyHomeDomainHost': '192.168.10.10:0',
  };
  const servers = (values: Record<string, string>): string[] => {
    const all = { ...factory, ...values };
    for (const name of Object.keys(all)) assert.ok(placeVariables.includes(name), name);
    return placesOf(name => all[name]).map(({ host, port }) => `${host}:${port}`);
  };

  it('are the registrar and the Proxy Host, or the outbound proxy instead of it', () => {
    const own = {
      'SipEp.DefaultStaticRegistrarServerHost': 'reg.test',
      'SipEp.DefaultStaticProxyHomeDomainHost': 'home.test:5071',
    };
    assert.deepEqual(servers(own), ['reg.test:5061', 'home.test:5071']);
    const outbound = { 'SipEp.DefaultStaticProxyOutboundHost': 'out.test:0' };
    assert.deepEqual(servers({ ...own, ...outbound }), ['reg.test:5061', 'out.test:5061']);
  });

  it('leave out a Proxy Host that only the factory has set', () => {
    assert.deepEqual(servers({ 'SipEp.DefaultStaticRegistrarServerHost': 'reg.test' }), ['reg.test:5061']);
  });

  it("are a gateway's own where it has them", () => {
    const own = {
      'SipEp.GwSpecificRegistration.2.EnableConfig': 'Enable',
      'SipEp.GwSpecificRegistration.2.ServerHost': 'r2.test',
      'SipEp.GwSpecificProxy.2.EnableConfig': 'Enable',
      'SipEp.GwSpecificProxy.2.OutboundHost': '0.0.0.0:0',
      'SipEp.GwSpecificProxy.2.HomeDomainHost': 'p2.test:5062',
      'SipEp.GwSpecificProxy.1.HomeDomainHost': 'unused.test',
    };
    assert.deepEqual(servers(own), ['192.168.10.10:5061', 'r2.test:5061', 'p2.test:5062']);
  });
});
