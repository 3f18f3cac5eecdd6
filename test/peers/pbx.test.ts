// baresip judges the PBX: two of them register over TLS and call each other through it, each over its own connection.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Pbx, startPbx } from '../../pbx/app.ts';
import { systemClock, systemRandom } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import { eventually } from '../support/eventually.ts';
import { type Baresip, startBaresip } from '../support/servers/baresip.ts';
import { type Lab, openLab, peerSuite, peersFolder, run } from '../support/servers/peers.ts';

peerSuite('two baresips at the PBX', { programs: ['baresip', 'openssl'], lab: true }, function () {
  this.timeout(60_000);
  let lab: Lab;
  let pbx: Pbx;
  let caller: Baresip;
  let callee: Baresip;

  const phone = (user: string, sipPort: number, controlPort: number, rtpBase: number): Promise<Baresip> =>
    startBaresip(lab, { user, password: `pw${user}`, sipPort, controlPort, rtpBase, tone: 440 });
  const until = (check: () => boolean, what: string): Promise<boolean> => eventually(what, check);

  before(async () => {
    lab = await openLab();
    await run('sh', [join(peersFolder, 'lab'), 'certs'], { env: { ...process.env, LAB: lab.folder } });
    const pem = (name: string): Promise<string> => readFile(join(lab.folder, 'certs', name), 'utf8');
    pbx = await startPbx({
      host: '127.0.0.1',
      tlsPort: 5061,
      cert: await pem('sip.pem'),
      key: await pem('sip.key'),
      domain: 'lab.test',
      users: ['100', '101'].map(user => ({ user, password: `pw${user}` })),
      clock: systemClock(),
      random: systemRandom(),
      log: silentLog,
    });
    caller = await phone('101', 15_070, 14_454, 14_100);
    callee = await phone('100', 15_072, 14_455, 14_200);
    await until(() => pbx.registrations().length === 2, 'both registered');
  });
  after(async () => {
    await caller?.stop();
    await callee?.stop();
    await pbx?.stop();
    await lab?.close();
  });

  for (const hangs of ['caller', 'callee'] as const) {
    it(`carries a secured call that the ${hangs} ends`, async () => {
      const connections = pbx.connections().length;
      await caller.command('dial', 'sip:100@lab.test');
      await until(() => pbx.calls()[0]?.state === 'up', 'the call is up');
      const [call] = pbx.calls();
      assert.deepEqual([call?.from, call?.to, call?.media], ['101', '100', 'RTP/SAVP']);
      for (const one of [caller, callee]) {
        const seen = await eventually(
          'baresip has a call',
          async () => {
            const text = await one.command('listcalls');
            return text.includes('ESTABLISHED') ? text : undefined;
          },
          10_000,
          100,
        );
        assert.match(seen, /ESTABLISHED/);
      }
      await (hangs === 'caller' ? caller : callee).command('hangup');
      await until(() => pbx.calls().length === 0, 'the call ended');
      assert.equal(pbx.connections().length, connections);
    });
  }

  it('answers a caller that gives up while the called phone is away', async () => {
    await caller.command('dial', 'sip:102@lab.test');
    const idle = await eventually(
      'the refused call is gone',
      async () => {
        const text = await caller.command('listcalls');
        return text.includes('ESTABLISHED') || text.includes('OUTGOING') ? undefined : text;
      },
      10_000,
      100,
    );
    assert.doesNotMatch(idle, /ESTABLISHED/);
    assert.deepEqual(pbx.calls(), []);
  });
});
