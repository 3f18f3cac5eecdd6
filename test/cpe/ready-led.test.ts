// The Ready LED: which models have it, and when it is lit.
import assert from 'node:assert/strict';
import { createGateway } from '../../cpe/gateway.ts';
import { readyLed } from '../../cpe/state/ready-led.ts';
import { systemClock, systemRandom } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import { builtinModel } from '../../shared/model/datamodel.ts';

describe('Ready LED', () => {
  const ledOf = async (productClass: string, model: 'dgw' | 'device', variables: Record<string, string> = {}) => {
    const gateway = await createGateway({
      model: await builtinModel(model),
      identity: { manufacturer: 'M', oui: '0090F8', productClass, serialNumber: 'L1', mac: '0090f8000001' },
      address: '127.0.0.1',
      clock: systemClock(),
      random: systemRandom(),
      log: silentLog,
      clockSource: 'host',
      profile: { parameters: variables, certificates: [] },
    });
    await gateway.boot();
    const led = readyLed(gateway.device);
    await gateway.stop();
    return led;
  };
  const tls = {
    'SipEp.TransportConfig[GatewayName=default].UdpEnable': 'Disable',
    'SipEp.TransportConfig[GatewayName=default].TlsEnable': 'Enable',
    'SipEp.DefaultStaticRegistrarServerHost': '127.0.0.1:9',
  };

  it('is off while a TLS connection is down', async () => {
    assert.equal(await ledOf('4102S', 'dgw', tls), 'off');
  });

  it('is absent on 3xxx models and on units without voice', async () => {
    assert.equal(await ledOf('3531', 'dgw', tls), undefined);
    assert.equal(await ledOf('4102S', 'device'), undefined);
  });
});
