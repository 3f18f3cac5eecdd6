// A telephone that is unregistered reads its configuration again, and registers as the file says.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import type { Pbx } from '../../../pbx/app.ts';
import { defaultSettings, type Settings } from '../../../pbx/exchange/data.ts';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import { type Phones, servePhones } from '../../../pbx/phones/server.ts';
import { systemClock } from '../../../shared/clock.ts';
import { silentLog as log } from '../../../shared/log.ts';
import { pbxLab } from '../../support/cpe/pbx-lab.ts';
import type { Softphone } from '../../support/cpe/softphone.ts';
import { eventually } from '../../support/eventually.ts';
import { extension, SECURE, sipTerminals } from '../../support/pbx/policy-lab.ts';

const clock = systemClock();
const PIN = '4711';

/** The settings that a telephone finds. */
function settingsAt(port: number): Promise<Map<string, string>> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: '/startup.cfg' }, answer => {
      let text = '';
      answer.on('data', chunk => {
        text += chunk;
      });
      answer.on('end', () => {
        const lines = text.split('\n').map(line => line.split(': ') as [string, string]);
        resolve(new Map(lines));
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('extension_unregistration', () => {
  const { start, phone } = pbxLab();
  let phones: Phones | undefined;
  afterEach(async () => await phones?.stop());

  it('makes a telephone read its file again, and register over TLS by the new policy', async () => {
    const exchange = Exchange.inMemory(extension('4100', { code: PIN, securityException: false }));
    const pbx: Pbx = await start({ exchange });
    phones = await servePhones({
      ...{ host: '127.0.0.1', port: 0, tls: { cert: '', key: '' }, domain: '127.0.0.1', sipPorts: pbx.ports },
      ...{ exchange, clock, log },
    });
    const http = phones.ports.http ?? 0;
    /** Registers with the transport of the file. */
    const boot = async (): Promise<Softphone> => {
      const protocol = (await settingsAt(http)).get('sip transport protocol') === '4' ? 'tls' : 'udp';
      const made = await phone(pbx, '4100', protocol, { userAgent: SECURE, password: PIN });
      assert.equal((await made.register()).status, 200);
      return made;
    };
    const first = await boot();
    const row = (): string | undefined => pbx.registrations()[0]?.row;
    const protocol = (): string | undefined => pbx.registrations()[0]?.protocol;
    assert.deepEqual([protocol(), row()], ['udp', 'Table 1 row 3']);

    const mediaEncryption = { ...defaultSettings.mediaEncryption, extension: true };
    const settings: Settings = { policy: 1, mediaEncryption };
    await exchange.commit([{ table: 'settings', key: 'system', row: settings }]);
    assert.deepEqual([protocol(), row()], ['udp', 'Table 1 row 3'], 'who is logged on stays so');

    const told = first.hears('NOTIFY').then(async notify => {
      assert.equal(notify.headers.get('Event'), 'check-sync');
      return await boot();
    });
    assert.equal(await sipTerminals(pbx).unregister('4100'), 1);
    await told;
    await eventually('the registration over TLS', () => protocol() === 'tls');
    assert.deepEqual([pbx.registrations().length, row()], [1, 'Table 2 row 3']);
    assert.equal((await settingsAt(http)).get('sip srtp mode'), '2');
  });
});
