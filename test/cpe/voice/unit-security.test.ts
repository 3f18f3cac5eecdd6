// The media security of whole units: what their settings make of it, for all endpoints and for one.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { userAgentConfigs } from '../../../cpe/services/sip/config.ts';
import { mediaSettings } from '../../../cpe/services/sip/media-security.ts';
import { readMikeyKey } from '../../../cpe/setup.ts';
import type { SipUserAgent } from '../../../cpe/voice/user-agent.ts';
import { talking } from '../../support/cpe/voice.ts';
import { openPages } from '../../support/cpe/web/client.ts';
import { Telephones } from '../../support/voice/telephones.ts';

describe('media security of whole units', () => {
  const telephones = Telephones.inSuite(8);
  const suiteOfCall = async (caller: SipUserAgent, called: SipUserAgent): Promise<string> => {
    const [call, answered] = await Telephones.connect(caller, called);
    await talking(20, call, answered);
    const [near, far] = [call.stats(), answered.stats()];
    assert.equal(near.authFailures + far.authFailures, 0);
    assert.equal(near.suite, far.suite);
    await call.hangup();
    await answered.ended;
    return near.suite;
  };

  it('lets factory units call each other with MIKEY once Mode is Secure', async () => {
    const settings = { 'Mipt.DefaultSecurityRtpMode': 'Secure' };
    const suite = await suiteOfCall(await telephones.boot('100', settings), await telephones.boot('101', settings));
    assert.equal(suite, 'AES_CM_128_HMAC_SHA1_80');
  });

  it('takes another Mode for the next call, and reports it without TLS', async () => {
    const address = telephones.newAddress();
    const account = { 'SipEp.UserAgent[EpId=Phone-Fax1].Username': '100', 'SipEp.MinSeverity': 'Warning' };
    const events = { 'Nlm.Events[Index=1].Criteria': '1400.All', 'Nlm.Events[Index=1].Action': 'LogLocally' };
    const { device } = await telephones.gateways.up({
      profile: { parameters: { ...account, ...events }, certificates: [] },
      address,
    });
    const reports = (): number =>
      device.config.names('Device.X_0090F8_Nlm.LocalLogMessages.', true).filter(({ Name }) => {
        return device.config.get(`${Name}Message`).includes('keys can be read');
      }).length;
    const modeOf = (): string => mediaSettings(device, 'Phone-Fax1').srtp.mode;
    const path = device.config.pathOf('Mipt.DefaultSecurityRtpMode') ?? '';
    assert.deepEqual([modeOf(), reports()], ['Unsecure', 0]);
    await device.config.set([{ name: path, value: 'Secure' }], 'acs');
    assert.deepEqual([modeOf(), reports()], ['Secure', 1]);
  });

  it('does without encryption where RtpEncryption is Null, with MIKEY alone', async () => {
    const none = { 'Mipt.DefaultSecurityRtpMode': 'Secure', 'Mipt.DefaultSecurityRtpEncryption': 'Null' };
    assert.equal(
      await suiteOfCall(await telephones.boot('100', none), await telephones.boot('101', none)),
      'NULL_HMAC_SHA1_80',
    );
    await telephones.gateways.powerOff();
    const sdes = { ...none, 'Mipt.DefaultSecurityKeyManagement': 'Sdes' };
    assert.equal(
      await suiteOfCall(await telephones.boot('100', sdes), await telephones.boot('101', sdes)),
      'AES_CM_128_HMAC_SHA1_80',
    );
  });

  it('takes the pre-shared key of MIKEY from its option, and refuses a call under another one', async () => {
    const settings = { 'Mipt.DefaultSecurityRtpMode': 'Secure' };
    const caller = await telephones.boot('100', settings, { mikeyKey: Buffer.alloc(16, 1) });
    const called = await telephones.boot('101', settings, { mikeyKey: Buffer.alloc(16, 2) });
    await assert.rejects(suiteOfCall(caller, called), { status: 415 });
  });

  it('reads that key from a file of 32 hexadecimal digits, and no other', async () => {
    const file = join(telephones.gateways.directory, 'mikey-key');
    await writeFile(file, '000102030405060708090a0b0c0d0e0F\n');
    assert.deepEqual(
      [...(await readMikeyKey(file))],
      Array.from({ length: 16 }, (_, at) => at),
    );
    for (const text of ['', '00', 'g'.repeat(32), '0'.repeat(33)]) {
      await writeFile(file, text);
      await assert.rejects(readMikeyKey(file), { code: 'bad-mikey-key' });
    }
    await assert.rejects(readMikeyKey(join(telephones.gateways.directory, 'none')), { code: 'no-file' });
  });

  it('lets an enabled row of EpSpecificSecurity override the default of its endpoint', async () => {
    const own = (row: string, changes: Record<string, string>): Record<string, string> =>
      Object.fromEntries(
        Object.entries(changes).map(([name, value]) => [`Mipt.EpSpecificSecurity[EpId=${row}].${name}`, value]),
      );
    const gateway = await telephones.gateways.make({
      profile: {
        parameters: {
          'Mipt.DefaultSecurityRtpMode': 'Secure',
          'Mipt.SessionUpdateCryptoMode': 'Keep',
          'SipEp.UserAgent[EpId=Phone-Fax1].Username': '100',
          'SipEp.UserAgent[EpId=Phone-Fax2].Username': '101',
          ...own('Phone-Fax1', { RtpMode: 'Unsecure', KeyManagement: 'Sdes' }),
          ...own('Phone-Fax2', { EnableConfig: 'Enable', RtpMode: 'SecureWithFallback', KeyManagement: 'Sdes' }),
        },
        certificates: [],
      },
    });
    const [config] = userAgentConfigs(gateway.device);
    assert.deepEqual(config?.srtp, { mode: 'Secure', keyManagement: 'Mikey', encryption: 'AesCm128' });
    assert.equal(config?.sessionUpdateCryptoMode, 'Keep');
    assert.deepEqual(
      config?.accounts.map(({ user, srtp }) => [user, srtp]),
      [
        ['100', undefined],
        ['101', { mode: 'SecureWithFallback', keyManagement: 'Sdes', encryption: 'AesCm128' }],
      ],
    );
  });

  it('carries out secure media without TLS, and says on its page that the keys can be read', async () => {
    const said = async (parameters: Record<string, string>): Promise<boolean> => {
      const { device } = await telephones.gateways.make({ profile: { parameters, certificates: [] } });
      const status = await openPages(device);
      const page = await status.page('media/security');
      await status.close();
      assert.match(page, /DefaultSecurityKeyManagement.*Mikey/);
      return page.includes('the keys can be read');
    };
    const own = 'Mipt.EpSpecificSecurity[EpId=Phone-Fax2]';
    assert.equal(await said({}), false);
    assert.equal(await said({ 'Mipt.DefaultSecurityRtpMode': 'Secure' }), true);
    assert.equal(await said({ [`${own}.RtpMode`]: 'Secure' }), false);
    assert.equal(await said({ [`${own}.RtpMode`]: 'Secure', [`${own}.EnableConfig`]: 'Enable' }), true);
    const tls = { 'SipEp.TransportConfig[GatewayName=default].TlsEnable': 'Enable' };
    assert.equal(await said({ ...tls, 'Mipt.DefaultSecurityRtpMode': 'SecureWithFallback' }), false);
  });

  it('offers and answers for each endpoint by its own row', async () => {
    const row = 'Mipt.EpSpecificSecurity[EpId=Phone-Fax1]';
    const sdes = {
      [`${row}.EnableConfig`]: 'Enable',
      [`${row}.RtpMode`]: 'Secure',
      [`${row}.KeyManagement`]: 'Sdes',
    };
    const whole = { 'Mipt.DefaultSecurityRtpMode': 'Secure', 'Mipt.DefaultSecurityKeyManagement': 'Sdes' };
    assert.equal(
      await suiteOfCall(await telephones.boot('100', sdes), await telephones.boot('101', whole)),
      'AES_CM_128_HMAC_SHA1_80',
    );
    await telephones.gateways.powerOff();
    assert.equal(
      await suiteOfCall(await telephones.boot('100', whole), await telephones.boot('101', sdes)),
      'AES_CM_128_HMAC_SHA1_80',
    );
  });
});
