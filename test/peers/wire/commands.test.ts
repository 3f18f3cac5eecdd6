// The commands of a running unit, as processes, with programs of other makers at the other end: Kamailio as its server, baresip as the peer.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { CallInfo, CallOutcome } from '../../../cpe/control/calls.ts';
import type { NumberedConversation } from '../../../cpe/control/ladder.ts';
import { eventually } from '../../support/eventually.ts';
import { endPrograms, program } from '../../support/processes/process.ts';
import { type Baresip, registeredBaresip } from '../../support/servers/baresip.ts';
import { type Lab, openLab, peerSuite } from '../../support/servers/peers.ts';

peerSuite(
  'the commands of a unit, with Kamailio and baresip',
  { programs: ['kamailio', 'baresip', 'openssl', 'ss'], lab: true },
  function () {
    this.timeout(60_000);
    let lab: Lab;
    let baresip: Baresip;
    const ask = (...args: string[]) => program('cpe/main.ts', [...args, '--state', join(lab.folder, 'unit')]).ended;
    const calls = async (): Promise<CallInfo[]> => JSON.parse((await ask('calls', '--json')).out) as CallInfo[];

    before(async () => {
      lab = await openLab();
      await lab.start('kamailio');
      baresip = await registeredBaresip(lab);
      const set = [
        'SipEp.DefaultStaticRegistrarServerHost=127.0.0.1:5061',
        'SipEp.DefaultStaticProxyHomeDomainHost=lab.test:0',
        'SipEp.DefaultStaticProxyOutboundHost=127.0.0.1:5061',
      ].flatMap(assignment => ['--set', assignment]);
      const own = ['--profile', 'examples/voice/100.json', '--ca', join(lab.folder, 'certs', 'ca.pem')];
      const unit = program('cpe/main.ts', ['run', ...own, ...set, '--state', join(lab.folder, 'unit'), '--ladder']);
      await unit.line(line => line.msg === 'SIP registration changed' && line.state === 'Registered');
    });
    after(async () => {
      await endPrograms();
      await baresip?.stop();
      await lab?.close();
    });

    it('calls baresip with secure media, and draws the ladder of it', async () => {
      const { code, out, err } = await ask(
        'call',
        'sip:101@lab.test',
        '--duration',
        '3',
        '--expect',
        'secure',
        '--json',
      );
      assert.equal(code, 0, err);
      const report = JSON.parse(out) as CallOutcome & { established: true };
      assert.ok(report.sent >= 90 && report.received >= 90, out);
      assert.deepEqual([report.keys, report.authFailures, report.replays], ['SDES', 0, 0]);
      assert.ok(Math.abs((report.tone ?? 0) - 880) <= 2, out);
      const [ladder] = JSON.parse((await ask('ladder', report.callId, '--json')).out) as NumberedConversation[];
      const whats = ladder?.messages.map(({ what }) => what) ?? [];
      assert.ok(whats.includes('407 Proxy Authentication Required'), whats.join());
      assert.equal(ladder?.messages.find(({ what }) => what.startsWith('200 '))?.session, 'SDP RTP/SAVP SDES');
      assert.doesNotMatch(JSON.stringify(ladder), /inline:[A-Za-z0-9+/]/);
    });

    it('lists, holds and ends a call that baresip has made', async () => {
      await baresip.command('dial', 'sip:100@lab.test');
      const call = await eventually('the call comes', async () => (await calls())[0], 10_000, 200);
      assert.deepEqual([call.direction, call.state], ['in', 'up']);
      assert.equal((await ask('hold', String(call.id))).code, 0);
      assert.equal((await calls())[0]?.state, 'held');
      assert.equal((await ask('resume', String(call.id))).code, 0);
      assert.equal((await ask('hangup', String(call.id))).code, 0);
      assert.deepEqual(await calls(), []);
    });
  },
);
