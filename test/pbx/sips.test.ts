// Addresses of the scheme sips at the PBX (RFC 3261 16.6, 26.2.2, RFC 5630 5.2, 5.3): TLS on both sides, or a refusal.
import assert from 'node:assert/strict';
import type { Pbx } from '../../pbx/app.ts';
import { buildRequest, type Dialog, dialogOfCaller } from '../../shared/sip/dialog.ts';
import type { SipResponse } from '../../shared/sip/message.ts';
import { parseNameAddr } from '../../shared/sip/uri.ts';
import { domain, pbxLab } from '../support/cpe/pbx-lab.ts';
import type { Softphone } from '../support/cpe/softphone.ts';
import { type RawPeer, rawText, rawUdpPeer } from '../support/servers/raw-sip.ts';

describe('sips at the PBX', () => {
  const { start, phone, registered } = pbxLab();
  const open: RawPeer[] = [];
  afterEach(async () => {
    for (const peer of open.splice(0)) await peer.close();
  });

  const sips = `sips:100@${domain}`;
  const call = async (caller: Softphone, uri: string): Promise<SipResponse> =>
    await caller.ask(caller.build('INVITE', uri, `<${uri}>`));
  const warned = ({ status, headers }: SipResponse): [number, string | undefined] => [status, headers.get('Warning')];
  const notAllowed: [number, string] = [480, '380 127.0.0.1 "SIPS Not Allowed"'];

  /** A call to the sips address that is up, as its caller sees it. */
  const secureCall = async (caller: Softphone): Promise<Dialog> => {
    const invite = caller.build('INVITE', sips, `<${sips}>`);
    const response = await caller.ask(invite);
    assert.equal(response.status, 200);
    const dialog = dialogOfCaller(caller.current()?.request ?? invite, response);
    caller.dialogs.set(dialog.key, dialog);
    return dialog;
  };

  it('E4: sends a sips call to contacts that were registered over TLS alone', async () => {
    const pbx = await start();
    const caller = await registered(pbx, '101');
    const plain = await registered(pbx, '100', 'udp');
    const secure = await registered(pbx, '100');
    const dialog = await secureCall(caller);
    const invite = await secure.hears('INVITE');
    assert.equal(invite.uri, secure.contact.replace('sip:', 'sips:'));
    const routes = invite.headers.list('Record-Route').map(route => parseNameAddr(route).uri);
    assert.deepEqual(routes, [`sips:127.0.0.1:${pbx.ports.tls};lr`]);
    assert.equal((await caller.ask(buildRequest(dialog, 'INFO'))).status, 200);
    const [theirs] = secure.dialogs.values();
    assert.ok(theirs);
    assert.match(theirs.remoteTarget, /^sips:/);
    assert.equal((await secure.ask(buildRequest(theirs, 'BYE'))).status, 200);
    assert.deepEqual(plain.heard, []);
  });

  it('E4: answers 480 where the user has no contact over TLS', async () => {
    const pbx = await start();
    const caller = await registered(pbx, '101');
    const callee = await registered(pbx, '100', 'udp');
    assert.deepEqual(warned(await call(caller, sips)), notAllowed);
    assert.deepEqual(warned(await call(caller, callee.contact.replace('sip:', 'sips:'))), notAllowed);
    assert.deepEqual(callee.heard, []);
    assert.deepEqual(pbx.calls(), []);
  });

  it('E4: forwards a sip call to a sips contact over TLS, with a sip Request-URI', async () => {
    const pbx = await start();
    const caller = await registered(pbx, '101', 'udp');
    const callee = await phone(pbx, '100');
    const contact = callee.contact.replace('sip:', 'sips:').replace(';transport=tls', '');
    assert.equal((await callee.register(3600, [['Contact', `<${contact}>`]])).status, 200);
    assert.equal((await call(caller, `sip:100@${domain}`)).status, 200);
    assert.equal((await callee.hears('INVITE')).uri, contact.replace('sips:', 'sip:'));
  });

  it('E4: keeps a secure call off the plain connection that its user made later', async () => {
    const pbx = await start();
    const caller = await registered(pbx, '101');
    const callee = await registered(pbx, '100');
    const dialog = await secureCall(caller);
    callee.flow.close();
    const later = await registered(pbx, '100', 'tcp');
    assert.equal((await caller.ask(buildRequest(dialog, 'BYE'))).status, 480);
    assert.equal(
      later.heard.some(({ method }) => method === 'BYE'),
      false,
    );
  });

  /** A peer that writes to the plain port of the PBX. */
  const stranger = async (pbx: Pbx): Promise<RawPeer> => {
    const peer = await rawUdpPeer({ host: '127.0.0.1', port: pbx.ports.udp ?? 0 });
    open.push(peer);
    return peer;
  };
  const head = (peer: RawPeer, method: string, lines: string[]): string[] => [
    `Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bK${method}`,
    'Max-Forwards: 70',
    `From: <sip:101@${domain}>;tag=far`,
    `To: <sip:101@${domain}>`,
    'Call-ID: raw',
    `CSeq: 1 ${method}`,
    ...lines,
  ];

  for (const [method, uri, lines] of [
    ['INVITE', sips, []],
    ['OPTIONS', `sips:${domain}`, []],
    ['REGISTER', `sips:${domain}`, []],
    ['BYE', `sip:100@${domain}`, [`Route: <sips:127.0.0.1;lr>`]],
  ] as [string, string, string[]][])
    it(`E4: answers 480 to a ${method} for TLS that came over UDP`, async () => {
      const peer = await stranger(await start());
      peer.send(rawText(`${method} ${uri} SIP/2.0`, head(peer, method, lines)));
      const answer = await peer.next(/^SIP\/2\.0 [2-6]/);
      assert.match(answer.first, /^SIP\/2\.0 480 /);
      assert.equal(answer.get('Warning'), '380 127.0.0.1 "SIPS Not Allowed"');
    });

  it('E4: binds a sips Contact over TLS alone (RFC 5630 5.2)', async () => {
    const pbx = await start();
    const plain = await phone(pbx, '100', 'udp');
    const refusal = await plain.register(3600, [['Contact', '<sips:100@127.0.0.1:5061>']]);
    assert.equal(refusal.status, 400);
    assert.deepEqual(pbx.registrations(), []);
  });
});
