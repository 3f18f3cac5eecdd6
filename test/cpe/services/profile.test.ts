// The customer profile that a unit's settings make: another unit with it is the same, and the page and the command give it.
import assert from 'node:assert/strict';
import { parseProfile } from '../../../cpe/profile.ts';
import { packProfile, profileText } from '../../../cpe/services/common/unit-profile.ts';
import { CERTIFICATE, Gateways, SCRIPT, set } from '../../support/cpe/gateways.ts';
import { voiceAuthority } from '../../support/cpe/voice.ts';
import { openAsAdmin, openPages, tokenOf } from '../../support/cpe/web/client.ts';

describe('customer profile of a unit', () => {
  let on: Gateways;
  beforeEach(async () => {
    on = await Gateways.open();
  });
  afterEach(() => on.close());

  it('makes another factory unit the same: settings, rows and authorities', async () => {
    const gateway = await on.up();
    assert.deepEqual(packProfile(gateway.device), { parameters: {}, certificates: [] });
    const script = 'SipEp.Gateway[Name=OpenSIPS].Port = 5062\n';
    await gateway.device.config.insert('Device.X_0090F8_SipEp.Gateway.', { Name: 'OpenSIPS' }, 'unit');
    await gateway.device.install(SCRIPT, Buffer.from(script), '');
    await set(gateway, { 'Cwmp.Username': 'enrol', 'Cwmp.Password': 'p"w', 'Nlm.SyslogRemoteHost': '127.0.0.9:514' });
    const authority = await voiceAuthority();
    await gateway.device.install(CERTIFICATE, Buffer.from(authority.cert), 'ca.crt');
    const text = profileText(gateway.device);
    const twin = await on.up({ profile: parseProfile(text), address: '127.0.15.79' });
    for (const name of ['SipEp.Gateway[Name=OpenSIPS].Port', 'Cwmp.Username', 'Cwmp.Password', 'Nlm.SyslogRemoteHost'])
      assert.equal(twin.device.config.variable(name), gateway.device.config.variable(name), name);
    assert.deepEqual(
      twin.device.tls('Cwmp').roots.map(({ fingerprint256 }) => fingerprint256),
      gateway.device.tls('Cwmp').roots.map(({ fingerprint256 }) => fingerprint256),
    );
    assert.deepEqual(packProfile(twin.device).parameters, {}, 'the twin differs from its own factory in nothing');
  });

  it('is shown and exported on its page, without passwords on the page, and not to a reader', async () => {
    const gateway = await on.up();
    await set(gateway, { 'Cwmp.Username': 'enrol', 'Cwmp.Password': 'hidden-word' });
    const path = '/management/profile';
    const admin = await openAsAdmin(gateway.device);
    const page = await admin.page(path);
    assert.match(page, /Cwmp\.Username<\/td><td>enrol/);
    assert.doesNotMatch(page, /hidden-word/);
    const file = await admin.post(path, { token: tokenOf(page), action: 'export' });
    assert.equal(parseProfile(await file.text()).parameters['Cwmp.Password'], 'hidden-word');
    await admin.close();
    const reader = await openPages(gateway.device);
    const answer = await reader.post(path, { token: tokenOf(await reader.page(path)), action: 'export' });
    assert.doesNotMatch(await answer.text(), /hidden-word/);
    await reader.close();
  });
});
