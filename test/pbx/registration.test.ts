// Registrations at the PBX over real sockets: authentication, bindings, and their end with the connection.
import assert from 'node:assert/strict';
import { domain, pbxLab } from '../support/cpe/pbx-lab.ts';
import type { Softphone } from '../support/cpe/softphone.ts';

describe('PBX', () => {
  const { start, phone, registered, statusOf } = pbxLab();

  it('registers by digest with qop, lists, refreshes and removes bindings (10.3)', async () => {
    const pbx = await start();
    const unit = await phone(pbx, '100');
    const first = await unit.register(600);
    assert.equal(first.status, 200);
    assert.match(first.headers.get('Contact') ?? '', /^<sip:100@127.0.0.1:\d+;transport=tls>;expires=600$/);
    const [binding] = pbx.registrations();
    assert.equal(binding?.user, '100');
    assert.equal(binding?.protocol, 'tls');
    assert.equal(binding?.tls?.version, 'TLSv1.3');
    const both: [string, string][] = [['Contact', `<${unit.contact}>;q=0.5, <sip:100@127.0.0.1:9>;expires=60`]];
    const second = await unit.register(700, both);
    assert.deepEqual(second.headers.all('Contact'), [
      '<sip:100@127.0.0.1:9>;expires=60',
      `<${unit.contact}>;q=0.5;expires=700`,
    ]);
    assert.equal((await unit.register(600, [])).headers.all('Contact').length, 2);
    assert.equal((await unit.register(0, [['Contact', '*']])).headers.has('Contact'), false);
    assert.deepEqual(pbx.registrations(), []);
  });

  it('refuses invalid registrations', async () => {
    const pbx = await start();
    const wrong = await phone(pbx, '100', 'tls', { password: 'guess' });
    assert.equal((await wrong.register()).status, 401);
    const unknown = await phone(pbx, '999');
    assert.equal((await unknown.register()).status, 401);
    const unit = await phone(pbx, '100');
    const status = async (...args: Parameters<Softphone['register']>): Promise<number> =>
      (await unit.register(...args)).status;
    const brief = await unit.register(5);
    assert.deepEqual([brief.status, brief.headers.get('Min-Expires')], [423, '10']);
    assert.equal(await status(600, [['Contact', '*']]), 400);
    assert.equal(await status(600, [['Contact', '<sip:a@b>;q=7']]), 400);
    assert.equal(await status(600, [['Contact', '<mailto:a@b>']]), 416);
    const many = Array.from({ length: 11 }, (_, at): [string, string] => ['Contact', `<sip:a@b:${at + 1}>`]);
    assert.equal(await status(600, many), 503);
    const extension = await unit.register(600, [['Require', 'path']]);
    assert.deepEqual([extension.status, extension.headers.get('Unsupported')], [420, 'path']);
    const other = unit.build('REGISTER', `sip:${domain}`, `<sip:101@${domain}>`);
    assert.equal((await unit.ask(other)).status, 403);
    const abroad = unit.build('REGISTER', 'sip:elsewhere.test', `<sip:100@${domain}>`);
    assert.equal((await unit.ask(abroad)).status, 404);
    assert.deepEqual(pbx.registrations(), []);
  });

  it('refuses a REGISTER whose CSeq is behind (10.3 step 7)', async () => {
    const pbx = await start();
    const unit = await registered(pbx, '100');
    const late = unit.build('REGISTER', `sip:${domain}`, `<sip:100@${domain}>`);
    const send = async (sequence: number): Promise<number> => {
      const request = { ...late, headers: late.headers.clone().set('CSeq', `${sequence} REGISTER`) };
      return (await unit.ask(request)).status;
    };
    assert.equal(await send(50), 200);
    assert.equal(await send(40), 500);
    assert.equal(await send(60), 200);
  });

  it('uses SHA-256 when configured, and prefers it to MD5', async () => {
    for (const algorithms of [['SHA-256'], ['SHA-256', 'MD5']] as const) {
      const pbx = await start({ algorithms });
      const unit = await phone(pbx, '100', 'tcp');
      assert.equal((await unit.register()).status, 200);
    }
  });

  it('ends a binding with its connection, and never opens one to the unit', async () => {
    const pbx = await start();
    const caller = await registered(pbx, '101');
    const callee = await registered(pbx, '100', 'tcp');
    callee.flow.close();
    const answer = await caller.call('100');
    assert.equal(statusOf(answer), 480);
    assert.deepEqual(
      pbx.registrations().map(one => one.user),
      ['101'],
    );
  });
});
