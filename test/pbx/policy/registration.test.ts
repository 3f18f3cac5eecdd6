// Security policies at the SIP registrar over real sockets: who is challenged, who is refused with which row, and when.
import assert from 'node:assert/strict';
import type { Change } from '../../../pbx/exchange/data.ts';
import { domain } from '../../support/cpe/pbx-lab.ts';
import { extension, INSECURE, policyChange, policyLab, SECURE, sipTerminals } from '../../support/pbx/policy-lab.ts';

describe('PBX under security policies', () => {
  const { system, telephone, registered } = policyLab();

  for (const [userAgent, row] of [
    [SECURE, 'Table 1 row 1'],
    [INSECURE, 'Table 1 row 5'],
  ] as const) {
    it(`registers ${userAgent} in clear without a challenge where it has no code`, async () => {
      const pbx = await system(extension('4100'));
      await registered(pbx, '4100', 'udp', { userAgent });
      const [binding] = pbx.registrations();
      assert.deepEqual([binding?.row, binding?.signalling, binding?.port], [row, 'not encrypted', pbx.ports.udp]);
      assert.equal(binding?.terminal, userAgent === SECURE ? 'secure' : 'insecure');
    });
  }

  it('takes the number as password over TLS where it has no code', async () => {
    const pbx = await system(extension('4100'));
    assert.equal((await (await telephone(pbx, '4100', 'tls')).register()).status, 401);
    await registered(pbx, '4100', 'tls', { password: '4100' });
    assert.equal(pbx.registrations()[0]?.signalling, 'encrypted');
    assert.deepEqual(
      pbx.refusals.all().map(({ dir, row, what }) => [dir, row, what]),
      [['4100', 'PIN', 'registration']],
    );
  });

  it('asks for the code where there is one, over all transports', async () => {
    const pbx = await system(extension('4100', { code: '2468', maxTerminals: 3 }));
    for (const protocol of ['udp', 'tcp', 'tls'] as const) {
      assert.equal((await (await telephone(pbx, '4100', protocol, { password: '4100' })).register()).status, 401);
      await registered(pbx, '4100', protocol, { password: '2468' });
    }
    assert.deepEqual(new Set(pbx.registrations().map(({ row }) => row)), new Set(['Table 1 row 2']));
  });

  it('judges no PIN after ten wrong ones but that of the registered terminal', async () => {
    const pbx = await system(extension('4100', { code: '2468', maxTerminals: 2 }), extension('4101', { code: '1357' }));
    const unit = await registered(pbx, '4100', 'tls', { password: '2468' });
    const guesser = await telephone(pbx, '4100', 'tls', { password: 'guess' });
    for (let guess = 0; guess < 10; guess++) assert.equal((await guesser.register()).status, 401);
    assert.equal((await guesser.register()).status, 403);
    assert.equal(pbx.refusals.all()[0]?.reason, 'too many wrong PINs');
    assert.equal((await (await telephone(pbx, '4100', 'tls', { password: '2468' })).register()).status, 403);
    assert.equal((await unit.register()).status, 200);
    await registered(pbx, '4101', 'tls', { password: '1357' });
  });

  it('refuses with 403, and shows the row in Warning, log and refusals', async () => {
    const pbx = await system(extension('4100', { code: '2468', securityException: false }), [policyChange(1)]);
    const refused = await (await telephone(pbx, '4100', 'udp', { password: '2468' })).register();
    assert.equal(refused.status, 403);
    assert.equal(refused.headers.get('Warning'), `399 ${domain} "Table 2 row 3: the security policy asks for TLS"`);
    const insecure = await telephone(pbx, '4100', 'tls', { userAgent: INSECURE, password: '2468' });
    assert.equal((await insecure.register()).status, 403);
    await registered(pbx, '4100', 'tls', { password: '2468' });
    assert.deepEqual(
      pbx.refusals.all().map(({ row, encrypted, product }) => [row, encrypted, product]),
      [
        ['Table 2 row 4', true, INSECURE],
        ['Table 2 row 3', false, SECURE],
      ],
    );
    assert.equal(pbx.policy, 'ALL_SECURE');
  });

  it('lets a registered telephone be when the policy changes, and refuses its next registration', async () => {
    const pbx = await system(extension('4100', { code: '2468' }));
    const unit = await registered(pbx, '4100', 'tls', { password: '2468' });
    await pbx.exchange.commit([policyChange(1)]);
    assert.equal(pbx.registrations().length, 1);
    assert.equal((await unit.register()).status, 403);
    assert.deepEqual(pbx.registrations(), []);
    assert.equal(pbx.refusals.all()[0]?.row, 'Table 2 row 2');
  });

  it('lets a telephone unregister whatever the policy says', async () => {
    const pbx = await system(extension('4100', { code: '2468' }));
    const unit = await registered(pbx, '4100', 'udp', { password: '2468' });
    await pbx.exchange.commit([policyChange(1)]);
    assert.equal((await unit.register(0)).status, 200);
    assert.deepEqual(pbx.registrations(), []);
  });

  it('keeps a binding that a stranger tries to have refused', async () => {
    const pbx = await system(extension('4100', { code: '2468', securityException: false }), [policyChange(1)]);
    await registered(pbx, '4100', 'tls', { password: '2468' });
    for (const protocol of ['udp', 'tls'] as const) {
      const stranger = await telephone(pbx, '4100', protocol, { userAgent: INSECURE });
      assert.equal((await stranger.register()).status, 403);
    }
    assert.equal(pbx.registrations().length, 1);
  });

  it('lets no stranger in clear end or see what a number without code has over TLS', async () => {
    const pbx = await system(extension('4100', { securityException: false }), [policyChange(2)]);
    const unit = await registered(pbx, '4100', 'tls', { password: '4100' });
    const stranger = await telephone(pbx, '4100', 'udp');
    for (const contacts of [['*'], [`<${unit.contact}>`], []]) {
      const answer = await stranger.register(
        0,
        contacts.map(contact => ['Contact', contact]),
      );
      assert.deepEqual([answer.status, answer.headers.list('Contact')], [403, []]);
    }
    assert.equal(pbx.registrations().length, 1);
    assert.equal(pbx.refusals.all()[0]?.row, 'Table 3 addition 1');
    assert.equal((await unit.register(0)).status, 200);
    assert.deepEqual(pbx.registrations(), []);
  });

  it('refuses telephones of other makers unless the extension takes them', async () => {
    const pbx = await system(extension('4100'), extension('4101', { thirdPartyClient: true }));
    const userAgent = 'baresip v1.0.0';
    const refused = await (await telephone(pbx, '4100', 'udp', { userAgent })).register();
    assert.deepEqual([refused.status, pbx.refusals.all()[0]?.row], [403, 'third-party client']);
    await registered(pbx, '4101', 'udp', { userAgent });
    await registered(pbx, '100', 'udp', { userAgent, password: 'pw100' });
  });

  it('treats an account as an extension with security exception and its password as code', async () => {
    const pbx = await system([policyChange(2)]);
    await registered(pbx, '100', 'udp', { userAgent: INSECURE, password: 'pw100' });
    assert.equal(pbx.registrations()[0]?.row, 'Table 3 row 4');
    await pbx.exchange.commit([policyChange(1)]);
    assert.equal((await (await telephone(pbx, '101', 'tls', { password: 'pw101' })).register()).status, 403);
  });

  it('refuses an extension without IP terminal type, and ends what an erased one has', async () => {
    const pbx = await system(extension('4100'), extension('4101'));
    await registered(pbx, '4100', 'udp');
    await registered(pbx, '4101', 'udp');
    await pbx.exchange.commit([{ table: 'ipExtensions', key: '4100' }]);
    await pbx.exchange.commit([{ table: 'extensions', key: '4101' }]);
    assert.deepEqual(pbx.registrations(), []);
    assert.equal((await (await telephone(pbx, '4100', 'udp')).register()).status, 403);
    assert.equal(pbx.refusals.all()[0]?.row, 'ip_extension');
    assert.equal((await (await telephone(pbx, '4101', 'udp')).register()).status, 401);
  });

  it('keeps registrations when a backup that has their extensions is restored', async () => {
    const pbx = await system(extension('4100'));
    await registered(pbx, '4100', 'udp');
    await pbx.exchange.replace(pbx.exchange.snapshot());
    assert.equal(pbx.registrations().length, 1);
  });

  it('bounds the terminals of an extension, and lets one come back under another contact', async () => {
    const pbx = await system(extension('4100', { maxTerminals: 2 }));
    const instance = ';+sip.instance="<urn:uuid:1>"';
    const first = await telephone(pbx, '4100', 'udp');
    assert.equal((await first.register(600, [['Contact', `<${first.contact}>${instance}`]])).status, 200);
    await registered(pbx, '4100', 'udp');
    assert.equal((await (await telephone(pbx, '4100', 'udp')).register()).status, 403);
    assert.equal(pbx.refusals.all()[0]?.row, 'max-terminals');
    const back = await telephone(pbx, '4100', 'udp');
    assert.equal((await back.register(600, [['Contact', `<${back.contact}>${instance}`]])).status, 200);
    assert.equal(pbx.registrations().length, 2);
    assert.deepEqual(
      sipTerminals(pbx)
        .terminals('4100')
        .flatMap(terminal => terminal.instance ?? []),
      ['urn:uuid:1'],
    );
  });

  it('bounds them by the number of the IP extension where that is smaller', async () => {
    const ip: Change = { table: 'ipExtensions', key: '4100', row: { dir: '4100', protocol: 'SIP', maxTerminals: 1 } };
    const pbx = await system(extension('4100', { maxTerminals: 2 }), [ip]);
    await registered(pbx, '4100', 'udp');
    assert.equal((await (await telephone(pbx, '4100', 'udp')).register()).status, 403);
  });
});

describe('PBX under security policies, beside registrations', () => {
  const { system, telephone, registered, statusOf } = policyLab();

  it('tells the operator, not the telephone, that a refused number is no extension', async () => {
    const pbx = await system(extension('4100', { code: '2468' }));
    const stranger = await telephone(pbx, '4999', 'udp', { password: '4999' });
    for (let guess = 0; guess < 10; guess++) assert.equal((await stranger.register()).status, 401);
    const last = await stranger.register();
    assert.deepEqual([last.status, last.headers.get('Warning')], [403, undefined]);
    assert.deepEqual([...pbx.refusals.byRow()], [['extension', 11]]);
    assert.equal(pbx.refusals.all()[0]?.reason, 'no extension has that number');
  });

  it('tells a terminal to read its configuration, then ends its registration', async () => {
    const pbx = await system(extension('4100', { maxTerminals: 2 }));
    const units = [await registered(pbx, '4100', 'tls', { password: '4100' }), await registered(pbx, '4100', 'udp')];
    assert.deepEqual(
      sipTerminals(pbx)
        .terminals('4100')
        .map(({ protocol, isSecure, row }) => [protocol, isSecure, row])
        .sort(),
      [
        ['tls', true, 'Table 1 row 1'],
        ['udp', true, 'Table 1 row 1'],
      ],
    );
    assert.equal(await sipTerminals(pbx).unregister('4100'), 2);
    for (const unit of units) {
      const notify = await unit.hears('NOTIFY');
      assert.deepEqual([notify.headers.get('Event'), notify.uri], ['check-sync', unit.contact]);
    }
    assert.deepEqual(pbx.registrations(), []);
    assert.equal(await sipTerminals(pbx).unregister('4100'), 0);
  });

  it('ends the registration of a terminal that does not answer', async function () {
    this.timeout(10_000);
    const pbx = await system(extension('4100'));
    await (await registered(pbx, '4100', 'udp')).stop();
    assert.equal(await sipTerminals(pbx).unregister('4100'), 1);
    assert.deepEqual(sipTerminals(pbx).terminals(), []);
  });

  it('takes a call of a number without PIN over the flow that it registered over, and no other', async () => {
    const pbx = await system(extension('4100'), extension('4101'));
    const callee = await registered(pbx, '4101', 'udp');
    const caller = await registered(pbx, '4100', 'udp');
    assert.equal(statusOf(await caller.call('4101')), 200);
    await callee.hears('ACK');
    const anonymous = caller.build('INVITE', `sip:4101@${domain}`, `<sip:4101@${domain}>`);
    anonymous.headers.set('From', '<sip:anonymous@anonymous.invalid>;tag=1');
    assert.equal((await caller.ask(anonymous)).status, 200);
    const stranger = await telephone(pbx, '4100', 'udp');
    assert.equal(statusOf(await stranger.call('4101')), 403);
    const [refusal] = pbx.refusals.all();
    assert.deepEqual([refusal?.what, refusal?.dir, refusal?.row], ['call', '4100', 'not registered']);
  });

  it('challenges a number with PIN that calls over the flow of a number without one', async () => {
    const pbx = await system(extension('4100'), extension('4101', { code: '2468' }));
    const unit = await registered(pbx, '4100', 'udp');
    const invite = unit.build('INVITE', `sip:4100@${domain}`, `<sip:4100@${domain}>`);
    invite.headers.set('From', `<sip:4101@${domain}>;tag=1`);
    assert.equal((await unit.ask(invite)).status, 407);
  });

  it('judges a caller that is not registered as if it registered now', async () => {
    const pbx = await system(
      extension('4100', { code: '2468', securityException: false }),
      extension('4101', { code: '2468', securityException: false }),
      [policyChange(1)],
    );
    await registered(pbx, '4101', 'tls', { password: '2468' });
    assert.equal(statusOf(await (await telephone(pbx, '4100', 'udp', { password: '2468' })).call('4101')), 403);
    assert.equal(pbx.refusals.all()[0]?.row, 'Table 2 row 3');
    assert.equal(statusOf(await (await telephone(pbx, '4100', 'tls', { password: '2468' })).call('4101')), 200);
    const wrong = await telephone(pbx, '4100', 'tls', { password: 'guess' });
    assert.equal(statusOf(await wrong.call('4101')), 407);
    assert.deepEqual([pbx.refusals.all()[0]?.row, pbx.refusals.all()[0]?.what], ['PIN', 'call']);
  });
});
