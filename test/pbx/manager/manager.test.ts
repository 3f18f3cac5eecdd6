// The manager over HTTPS: every form is a command of the shell with its answer, and all that the server refuses.
import assert from 'node:assert/strict';
import type { Log } from '../../../shared/log.ts';
import { silentLog } from '../../../shared/log.ts';
import { ManagerClient, type ManagerLab, managerLab, PASSWORD } from '../../support/pbx/manager-lab.ts';

describe('the manager', () => {
  let lab: ManagerLab;
  let client: ManagerClient;
  let logged = '';
  const note: Log['info'] = (message, fields) => {
    logged += `${message} ${JSON.stringify(fields)}\n`;
  };
  beforeEach(async () => {
    logged = '';
    lab = await managerLab({ log: { ...silentLog, info: note, warn: note, error: note } });
    client = new ManagerClient(lab.web.port);
  });
  afterEach(() => lab.stop());

  it('sets a security policy by the command of the shell, and shows its refusal as printed', async () => {
    await client.login();
    const refused = await client.form('set-policy', { policy: '1' });
    assert.equal(refused, 'sec_policy -set 1\nNOT EXECUTED\nDIRECTORY NUMBERS WITH SECURITY EXCEPTION EXIST');
    assert.equal(lab.exchange.settings.policy, 0);
    const dir = '4100';
    const changed = await client.form('change-extension', { dir, option: 'security-exception', state: 'no' });
    assert.equal(changed, 'extension --change --dir 4100 --security-exception no\nEXECUTED');
    await client.form('switch-media-encryption', { type: 'extension', state: 'enable' });
    for (const policy of ['1', '2', '3'])
      assert.equal(await client.form('set-policy', { policy }), `sec_policy -set ${policy}\nEXECUTED`);
    assert.equal(await client.form('set-policy', { policy: '0' }), 'sec_policy -remove\nEXECUTED');
  });

  it('switches media encryption on and off for each kind of connections', async () => {
    await client.login();
    for (const type of ['extension', 'route', 'intermgw'] as const)
      for (const state of ['enable', 'disable']) {
        const shown = await client.form('switch-media-encryption', { type, state });
        assert.equal(shown, `media_encryption_${state} -type ${type}\nEXECUTED`);
        assert.equal(lab.exchange.settings.mediaEncryption[type], state === 'enable');
      }
  });

  it('sets and removes a PIN, which neither page nor log shows', async () => {
    await client.login();
    const pin = `-?'"$1;x`;
    const shown = await client.form('set-pin', { dir: '4100', pin });
    assert.match(shown, /^auth_code --initiate --dir 4100 --auth-code [^ ]*\*{4}[^ ]* --csp 1 --cil 4100\nEXECUTED$/);
    assert.equal(lab.exchange.get('authorizationCodes', 'dir:4100')?.code, pin);
    const pages = [await client.ask('GET', '/extensions/4100'), await client.ask('GET', '/extensions')];
    for (const { text } of pages) assert.doesNotMatch(text, /471100|471101|-\?|\$1;x/);
    assert.doesNotMatch(logged, /\$1;x|correct horse/);
    const asked = await client.form('remove-pin', { dir: '4100' });
    const removal = 'auth_code --erase --dir 4100';
    assert.equal(asked, `${removal}\nAre you sure? (Y/N): `);
    assert.ok(lab.exchange.get('authorizationCodes', 'dir:4100'));
    assert.equal(await client.form('answer', { shown: removal, answer: 'no' }), '\n');
    await client.form('remove-pin', { dir: '4100' });
    assert.equal(await client.form('answer', { shown: removal, answer: 'yes' }), `${removal}\nEXECUTED`);
    assert.equal(lab.exchange.get('authorizationCodes', 'dir:4100'), undefined);
  });

  it('unregisters the terminals of one number, and of all after a question', async () => {
    await client.login();
    const one = await client.form('unregister', { dir: '4100' });
    assert.equal(one, 'extension_unregistration --dir 4100\nEXECUTED');
    assert.deepEqual(lab.unregistered, ['4100']);
    const asked = await client.form('unregister-all');
    assert.equal(asked, 'extension_unregistration\nAre you sure? (Y/N): ');
    assert.deepEqual(lab.unregistered, ['4100']);
    await client.form('answer', { shown: 'extension_unregistration', answer: 'yes' });
    assert.deepEqual(lab.unregistered, ['4100', '4100']);
  });

  it('backs up, lists the backups, and shows licences and extensions in parts', async () => {
    await client.login();
    assert.equal(await client.form('back-up'), 'data_backup\nEXECUTED');
    const { text: backups } = await client.ask('GET', '/backups');
    assert.match(backups, /<pre>Backup +Bytes\nexchange-\d{8}-\d{9}\.backup +\d+<\/pre>/);
    assert.match((await client.ask('GET', '/licenses')).text, /VOIP-SECURITY/);
    const last = (await client.ask('GET', '/extensions?offset=200')).text;
    assert.match(last, /Rows 201 to 252 of 252\./);
    assert.match((await client.ask('GET', '/extensions?dir=410')).text, /4100[\s\S]*4101/);
  });

  it('tells what became of a number that is gone', async () => {
    await client.login();
    const shown = await client.form('change-extension', { dir: '9999', option: 'third-party-client', state: 'yes' });
    assert.match(shown, /NOT EXECUTED\n/);
    assert.equal((await client.ask('GET', '/extensions/9999')).status, 404);
  });

  it('shows nothing before the login, and nothing after the logout', async () => {
    for (const path of ['/', '/extensions', '/extensions/4100', '/licenses', '/backups']) {
      const { status, headers, text } = await client.ask('GET', path);
      assert.deepEqual([path, status, headers.location, text], [path, 303, '/login', '']);
    }
    const early = await client.post('/set-policy', { policy: '2' });
    assert.deepEqual([early.status, early.headers.location], [303, '/login']);
    const { headers } = await client.login();
    assert.match(
      String(headers['set-cookie']),
      /^__Host-pbx-manager=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
    );
    const { status, headers: csp } = await client.ask('GET', '/');
    assert.equal(status, 200);
    assert.match(
      String(csp['content-security-policy']),
      /^default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'sha256-/,
    );
    assert.equal(csp['cache-control'], 'no-store');
    assert.equal((await client.post('/logout', { token: client.token })).status, 303);
    assert.equal((await client.ask('GET', '/')).status, 303);
    assert.equal(lab.exchange.settings.policy, 0);
  });

  it('refuses forms without token, of other sites, of values not offered, and too long ones', async () => {
    await client.login();
    const { token } = client;
    const other = new ManagerClient(lab.web.port);
    await other.login();
    const policy = '2';
    assert.equal((await client.post('/set-policy', { policy })).status, 403);
    assert.equal((await client.post('/set-policy', { policy, token: other.token })).status, 403);
    for (const site of ['cross-site', 'same-site'])
      assert.equal((await client.post('/set-policy', { policy, token }, { 'sec-fetch-site': site })).status, 403);
    for (const [path, fields] of [
      ['/set-policy', { policy: '4' }],
      ['/set-policy', { policy: '1 -remove' }],
      ['/switch-media-encryption', { type: 'all', state: 'enable' }],
      ['/switch-media-encryption', { type: 'route', state: 'print' }],
      ['/change-extension', { dir: '4100', option: 'csp', state: 'yes' }],
      ['/change-extension', { dir: '4100..4109', option: 'security-exception', state: 'no' }],
      ['/set-pin', { dir: '4100', pin: '1' }],
      ['/set-pin', { dir: '4100', pin: 'with blank' }],
      ['/unregister', { dir: '' }],
      ['/answer', { shown: 'extension_unregistration', answer: 'yes' }],
      ['/constructor', {}],
      ['/set-policy', { policy, filler: 'x'.repeat(5000) }],
    ] as const) {
      const { status } = await client.post(path, { token, ...fields });
      assert.deepEqual([path, fields, status], [path, fields, 400]);
    }
    assert.equal(
      (await client.post('/set-policy', { policy, token }, { 'content-type': 'application/json' })).status,
      400,
    );
    assert.equal((await client.ask('PUT', '/set-policy')).status, 405);
    assert.equal(lab.exchange.settings.policy, 0);
    assert.doesNotMatch(logged, /exchange command/);
  });

  it('answers to its own names alone, and only over TLS', async () => {
    await client.login();
    for (const [host, status] of [
      ['lab.test:1', 200],
      ['localhost', 200],
      ['127.0.0.1', 200],
      ['evil.test', 421],
    ] as const)
      assert.deepEqual([host, (await client.ask('GET', '/', { host })).status], [host, status]);
    await assert.rejects(fetch(`http://127.0.0.1:${lab.web.port}/`));
  });

  it('judges no password after ten wrong ones, not even the right one', async () => {
    for (let guess = 0; guess < 10; guess++)
      assert.equal((await client.post('/login', { password: `guess ${guess}` })).status, 403);
    const { status, headers, text } = await client.post('/login', { password: PASSWORD });
    assert.deepEqual([status, headers['set-cookie']], [429, undefined]);
    assert.match(text, /Too many wrong passwords/);
    assert.equal(logged.match(/manager login refused/g)?.length, 10);
  });

  it('keeps sixteen sessions, of which the one unused for longest makes way', async () => {
    await client.login();
    for (let more = 0; more < 15; more++) await new ManagerClient(lab.web.port).login();
    assert.equal((await client.ask('GET', '/')).status, 200);
    for (let more = 0; more < 16; more++) await new ManagerClient(lab.web.port).login();
    assert.equal((await client.ask('GET', '/')).status, 303);
  });

  it('shows what devices and requests say as text', async () => {
    await client.login();
    const page = (await client.ask('GET', '/extensions/4100')).text;
    assert.match(page, /&#60;script&#62;/);
    const hostile = encodeURIComponent('"><script>1</script>');
    const pages = [page, (await client.ask('GET', `/extensions?dir=${hostile}`)).text];
    for (const text of pages) assert.doesNotMatch(text, /<script|<img/);
    assert.equal((await client.ask('GET', `/extensions/${hostile}`)).status, 404);
  });
});
