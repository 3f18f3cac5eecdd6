// The Ready LED: which models have it, and when it is lit.
import assert from 'node:assert/strict';
import { createGateway } from '../../cpe/gateway.ts';
import { readyLed } from '../../cpe/services/hardware/leds.ts';
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

  it('blinks while a TLS connection is down, and is off where nothing is to be connected', async () => {
    assert.equal(await ledOf('4102S', 'dgw', tls), 'blinking green');
    assert.equal(await ledOf('4102S', 'dgw'), 'off');
    const stopped = { ...tls, 'Scm.ServicesConfig[Name=SipEp].StartupType': 'Manual' };
    assert.equal(await ledOf('4102S', 'dgw', stopped), 'off');
  });

  it('is absent on 3xxx models and on units without voice', async () => {
    assert.equal(await ledOf('3531', 'dgw', tls), undefined);
    assert.equal(await ledOf('4102S', 'device'), undefined);
  });
});
