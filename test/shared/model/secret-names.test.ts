// Names of secrets, and logins in URLs.
import assert from 'node:assert/strict';
import { builtinModel } from '../../../shared/model/datamodel.ts';
import { holdsUrlSecret, isSecretName, withoutUrlSecrets } from '../../../shared/model/secret-names.ts';

describe('names of secrets', () => {
  it('B7: knows the secrets of TR-098, TR-181, TR-104 and of site fields by name', () => {
    const paths = [
      'InternetGatewayDevice.LANDevice.1.WLANConfiguration.1.WEPKey.1.WEPKey',
      'InternetGatewayDevice.LANDevice.1.WLANConfiguration.1.PreSharedKey.1.PreSharedKey',
      'InternetGatewayDevice.LANDevice.1.WLANConfiguration.1.PreSharedKey.1.KeyPassphrase',
      'Device.WiFi.AccessPoint.1.Security.SAEPassphrase',
      'Device.WiFi.AccessPoint.1.Security.RadiusSecret',
      'Device.WiFi.AccessPoint.1.WPS.PIN',
      'Device.Cellular.Interface.1.USIM.PIN',
      'Device.Services.VoiceService.1.VoiceProfile.1.Line.1.SIP.AuthPassword',
      'Device.X_0090F8_Snmp.Community',
      'InternetGatewayDevice.X_SNMP.Community.2.Name',
    ];
    const names = [
      'KeyPsk',
      'KeyPsk1',
      'ROCommunity',
      'CommunityString',
      'AuthToken',
      'PrivateKey',
      'WPAKey',
      'PinCode',
    ];
    const site = [
      'wifiKey',
      'wifi_key',
      'wifi-key',
      'wifikey',
      'site.wifiKey',
      'sipPass',
      'pin',
      'psk',
      'pwd',
      'apiKey',
    ];
    for (const name of [...paths, ...names, ...site]) assert.ok(isSecretName(name), name);
  });

  it('B7: leaves names alone that only look like one', () => {
    const names = ['ParameterKey', 'CommandKey', 'KeyManagement', 'ServiceNumkey', 'PublicKey', 'PasswordRequired'];
    const more = [
      'PortPinout',
      'Mappings',
      'HookFlashKeypad',
      'PingCount',
      'PINRetryCount',
      'CommunityCount',
      'Bypass',
    ];
    const paths = [
      'InternetGatewayDevice.LANDevice.1.WLANConfiguration.1.PreSharedKey.1.AssociatedDeviceMACAddress',
      'Device.WiFi.AccessPoint.1.Security.RekeyingInterval',
      'Device.DHCPv4.Client.1.PassthroughEnable',
    ];
    for (const name of [...names, ...more, ...paths, 'Username', 'TokenExpiry', 'site.customer', 'EncryptionKeySizes'])
      assert.ok(!isSecretName(name), name);
  });

  it('B7: knows every hidden text of the built-in models by its name', async () => {
    for (const name of ['dgw', 'device'] as const) {
      const hidden = [...(await builtinModel(name)).parameters.values()].filter(
        ({ hidden, type }) => hidden && type !== 'boolean',
      );
      assert.ok(hidden.length > 3);
      assert.deepEqual(
        hidden.map(({ path }) => path).filter(path => !isSecretName(path)),
        [],
      );
    }
  });

  it('B7: masks logins, tokens and signatures in URLs and nothing else', () => {
    const cases: [string, string][] = [
      ['http://user:pa%20ss@host:80/x?y=a@b', 'http://***@host:80/x?y=a@b'],
      ['see ftp://u@h/ and sip://h', 'see ftp://***@h/ and sip://h'],
      ['https://h/hook?id=1&token=abc&X-Amz-Signature=ff#x', 'https://h/hook?id=1&token=***&X-Amz-Signature=***#x'],
      ['<URL>http://u:p@h/?a=1&amp;api_key=2</URL>', '<URL>http://***@h/?a=1&amp;api_key=***</URL>'],
    ];
    for (const [given, shown] of cases) {
      assert.equal(withoutUrlSecrets(given), shown);
      assert.ok(holdsUrlSecret(given));
    }
    for (const plain of ['http://host/a@b', 'sip:alice@example.org', 'a@b://', 'https://h/?monkey=1&tokens=2'])
      assert.equal(withoutUrlSecrets(plain), plain);
  });
});
