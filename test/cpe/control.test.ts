// The control socket of a running unit: calls placed, listed, held and ended from the command line, and what it refuses.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { CallInfo, CallOutcome } from '../../cpe/control/calls.ts';
import { unexpected } from '../../cpe/control/cli.ts';
import type { NumberedConversation } from '../../cpe/control/ladder.ts';
import type { NamedValue } from '../../cpe/services/common/named-values.ts';
import type { FaxReport } from '../../cpe/voice/fax/fax-session.ts';
import { eventually } from '../support/eventually.ts';
import { type Program, program } from '../support/processes/process.ts';
import { startVoice, type VoiceProcesses } from '../support/processes/voice-units.ts';

describe('calls from the command line', function () {
  this.timeout(60_000);
  let voice: VoiceProcesses;
  let caller: Program;
  before(async () => {
    voice = await startVoice();
    [caller] = await Promise.all([voice.unit('100', '--ladder'), voice.unit('101')]);
  });
  after(() => voice.stop());
  const list = async (user: string): Promise<CallInfo[]> =>
    JSON.parse((await voice.ask(user, 'calls', '--json')).out) as CallInfo[];
  /** A long call in a process of its own, and its number at the caller. */
  const longCall = async (): Promise<{ client: Program; id: string }> => {
    const client = program('cpe/main.ts', ['call', '101', '--duration', '50', '--state', voice.state('100')]);
    const first = await eventually('the call is up', async () => (await list('100'))[0]);
    return { client, id: String(first.id) };
  };

  it('passes a call that is expected to be secure, and reports what was carried and heard', async () => {
    const { code, out, err } = await voice.ask('100', 'call', '101', '--duration', '2', '--expect', 'secure', '--json');
    assert.equal(code, 0, err);
    const report = JSON.parse(out) as CallOutcome & { established: true };
    assert.equal(report.established, true);
    assert.equal(report.suite, 'AES_CM_128_HMAC_SHA1_80');
    assert.equal(report.keys, 'SDES');
    assert.ok(report.sent >= 50 && report.received >= 50, out);
    assert.equal(report.authFailures, 0);
    assert.ok(Math.abs((report.tone ?? 0) - 425) <= 2, out);
    assert.ok(report.seconds >= 1.9 && report.seconds < 4, out);
    assert.deepEqual(await list('100'), []);
  });

  it('exits 1 when the call is not as expected, and 0 when it fails as expected', async () => {
    const wrong = await voice.ask('100', 'call', '101', '--duration', '0.2', '--expect', 'plain');
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, /^tandem-cpe: the call was expected to be plain; [^\n]+\n$/);
    assert.match(wrong.out, /suite +AES_CM_128_HMAC_SHA1_80/);
    const failed = await voice.ask('100', 'call', '999');
    assert.equal(failed.code, 1);
    assert.match(failed.err, /failed with 404/);
    assert.equal((await voice.ask('100', 'call', '999', '--expect', '404')).code, 0);
  });

  it('numbers calls in the order in which they begin, refused ones too, at both ends', async () => {
    const placed = async (to: string): Promise<CallOutcome> =>
      JSON.parse((await voice.ask('100', 'call', to, '--duration', '0.1', '--json')).out) as CallOutcome;
    const calls = [await placed('101'), await placed('999'), await placed('999'), await placed('101')];
    const [first = 0, ...others] = calls.map(({ id }) => id);
    assert.deepEqual(others, [first + 1, first + 2, first + 3]);
    assert.equal('state' in calls[0]! && calls[0].state, 'ended');
    const refused = calls[1]!;
    assert.deepEqual(Object.keys(refused), ['id', 'callId', 'established', 'status', 'reason']);
    const shown = await voice.ask('100', 'ladder', String(refused.id), '--json');
    const [conversation] = JSON.parse(shown.out) as NumberedConversation[];
    assert.deepEqual([conversation?.call, conversation?.callId], [refused.id, refused.callId]);
    assert.ok(conversation?.messages.some(({ what }) => what.startsWith('404')));
  });

  it('holds, resumes and hangs up by the number of the call', async () => {
    const { client, id } = await longCall();
    assert.equal((await voice.ask('100', 'hold', id)).code, 0);
    assert.deepEqual([(await list('100'))[0]?.state, (await list('101'))[0]?.state], ['held', 'held']);
    const resumed = await voice.ask('100', 'resume', id);
    assert.deepEqual([resumed.code, resumed.out], [0, 'done\n']);
    assert.equal((await list('101'))[0]?.state, 'up');
    const none = await voice.ask('100', 'hold', '77');
    assert.equal(none.code, 1);
    assert.match(none.err, /there is no call 77/);
    const [answered] = await list('101');
    assert.equal((await voice.ask('101', 'hangup', String(answered?.id))).code, 0);
    const { code, out } = await client.ended;
    assert.equal(code, 0);
    assert.match(out, /ended +the peer hung up/);
  });

  it('shows the Ready LED, connections and registrations, and the notifications of the local log', async () => {
    const { out } = await voice.ask('100', 'status');
    assert.match(out, /^ready LED +steady green$/m);
    assert.match(out, /^gateway +Name=default State=Ready /m);
    assert.match(out, /^connection +Gateway=default LocalPort=160\d\d RemoteHost=127\.0\.0\.1:\d+ State=Up$/m);
    assert.match(out, /^registration +Endpoint=Phone-Fax1 Username=100 .* State=Registered$/m);
    const log = (await voice.ask('100', 'log')).out;
    assert.match(log, / INFO SipEp: 1400-303 TLS connection with remote host /);
    assert.match(log, / INFO SipEp: 1400-310 Server 127\.0\.0\.1:\d+ is now reachable /);
  });

  it('shows the values of variables, rows and paths, passwords empty, and refuses unknown names', async () => {
    const get = (...names: string[]) => voice.ask('100', 'get', ...names);
    const { out, err } = await get(
      'SipEp.NeedRestartInfo',
      'SipEp.Gateway[Name=default].Type',
      'Device.DeviceInfo.SerialNumber',
    );
    assert.equal(
      out,
      'SipEp.NeedRestartInfo = "No"\nSipEp.Gateway[Name=default].Type = "TrunkGateway"\nDevice.DeviceInfo.SerialNumber = "100"\n',
      err,
    );
    const rows = (await get('SipEp.Authentication')).out;
    assert.match(rows, /^SipEp\.Authentication\[Index=1\]\.Username = "100"$/m);
    assert.match(rows, /^SipEp\.Authentication\[Index=1\]\.Password = ""$/m);
    assert.equal((await get('SipEp.MwiStatus')).out, 'none\n');
    const [shown] = JSON.parse((await get('SipEp.MinSeverity', '--json')).out) as NamedValue[];
    assert.equal(shown?.name, 'SipEp.MinSeverity');
    for (const [names, reason] of [
      [['SipEp.Nonsense'], /SipEp\.Nonsense does not exist/],
      [['Device.'], /more than 1000 values/],
      [[''], /does not exist/],
    ] as const) {
      const refused = await get(...names);
      assert.deepEqual([refused.code, refused.out], [1, '']);
      assert.match(refused.err, reason);
    }
    assert.equal((await get()).code, 2);
    assert.equal((await get(...Array<string>(51).fill('SipEp.MinSeverity'))).code, 2);
  });

  it('runs a configuration script, and says what is wrong in one', async () => {
    const file = join(voice.folder, 'script');
    await writeFile(file, 'Mipt.DefaultSecurityRtpMode = "Unsecure"\n');
    assert.deepEqual(await voice.ask('100', 'script', file), { code: 0, out: 'done\n', err: '', signal: null });
    const plain = await voice.ask('100', 'call', '101', '--duration', '0', '--expect', '415');
    assert.equal(plain.code, 0, plain.err);
    await writeFile(file, 'Mipt.DefaultSecurityRtpMode = "Secure"\n');
    assert.equal((await voice.ask('100', 'script', file)).code, 0);
    await writeFile(file, 'Mipt.Nonsense = 1\n');
    const wrong = await voice.ask('100', 'script', file);
    assert.deepEqual([wrong.code, /Mipt\.Nonsense|line 1/.test(wrong.err)], [1, true]);
    assert.equal((await voice.ask('100', 'script', join(voice.folder, 'none'))).code, 1);
  });

  it('shows the ladder of a call and of the registration without secrets', async () => {
    const placed = await voice.ask('100', 'call', '101', '--duration', '0.1', '--json');
    const { id, callId } = JSON.parse(placed.out) as CallInfo;
    const { out } = await voice.ask('100', 'ladder', String(id));
    const steps = out.split('\n').flatMap(line => /^ \|(?:--|<--) (.*?) -/.exec(line)?.[1] ?? []);
    assert.deepEqual(
      // The first call was challenged; later ones carry credentials.
      steps
        .slice(steps.findLastIndex(step => step.startsWith('INVITE ')))
        .map(step => step.replace(/^([A-Z]+) sip:.*/, '$1')),
      ['INVITE', '100 Trying (INVITE)', '180 Ringing (INVITE)', '200 OK (INVITE)', 'ACK', 'BYE', '200 OK (BYE)'],
    );
    assert.match(out, /\(SDP RTP\/SAVP SDES\)/);
    const all = JSON.parse((await voice.ask('100', 'ladder', '--json')).out) as NumberedConversation[];
    const text = JSON.stringify(all);
    assert.match(text, /inline:\*\*\*/);
    assert.match(text, /response=\\"\*\*\*\\"/);
    assert.doesNotMatch(text, /inline:[A-Za-z0-9+/]/);
    assert.doesNotMatch(text, /response=\\"[0-9a-f]/);
    assert.equal(all.find(one => one.callId === callId)?.call, id);
    const register = all.find(one => one.call === undefined);
    assert.deepEqual(
      register?.messages.slice(0, 2).map(one => one.what),
      [`REGISTER sip:127.0.0.1:${voice.port}`, '401 Unauthorized'],
    );
    const none = await voice.ask('100', 'ladder', 'nonsense');
    assert.deepEqual([none.code, none.err.includes("no messages of call 'nonsense'")], [1, true]);
    assert.match((await voice.ask('101', 'ladder')).err, /start it with --ladder/);
  });

  it('transfers the peer of a call to a third unit, by address and by another call', async () => {
    const third = await voice.unit('102');
    const { client, id } = await longCall();
    const done = await voice.ask('100', 'transfer', id, '102');
    assert.equal(done.code, 0, done.err);
    assert.equal((await client.ended).code, 0);
    assert.deepEqual([(await list('100')).length, (await list('101')).length, (await list('102')).length], [0, 1, 1]);
    const [left] = await list('101');
    assert.equal((await voice.ask('101', 'hangup', String(left?.id))).code, 0);
    // Attended: the peer of one call takes the place of this unit in another one.
    const first = await longCall();
    const second = program('cpe/main.ts', ['call', '102', '--duration', '50', '--state', voice.state('100')]);
    const other = await eventually('the second call is up', async () =>
      (await list('100')).find(({ id: number }) => String(number) !== first.id),
    );
    const attended = await voice.ask('100', 'transfer', first.id, `call:${other.id}`);
    assert.equal(attended.code, 0, attended.err);
    assert.deepEqual([(await first.client.ended).code, (await second.ended).code], [0, 0]);
    const [joined] = await list('102');
    assert.match(joined?.peer ?? '', /sip:101@/);
    assert.equal((await voice.ask('102', 'hangup', String(joined?.id))).code, 0);
    await third.stop();
  });

  it('sends digits, which the other unit reports', async () => {
    const { client, id } = await longCall();
    assert.equal((await voice.ask('100', 'dtmf', id, '12#')).code, 0);
    await eventually('the digits are heard', async () => (await list('101'))[0]?.digits === '12#');
    const wrong = await voice.ask('100', 'dtmf', id, 'x');
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, /'x' is not 1 to 64 of/);
    assert.equal((await voice.ask('100', 'hangup', id)).code, 0);
    assert.equal((await client.ended).code, 0);
  });

  it('sends a page by fax beside SRTP once that is allowed, and says why it does not before', async () => {
    const { client, id } = await longCall();
    const refused = await voice.ask('100', 'fax', id);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /fax-not-allowed: T\.38 is not allowed beside SRTP: Mipt\.AllowUnsecureT38WithSrtp /);
    const file = join(voice.folder, 'fax.cfg');
    await writeFile(file, 'Mipt.AllowUnsecureT38WithSrtp = Enable\nScm.RestartRequiredServices\n');
    for (const user of ['100', '101']) assert.equal((await voice.ask(user, 'script', file)).code, 0);
    const sent = await voice.ask('100', 'fax', id, '--json');
    assert.equal(sent.code, 0, sent.err);
    const { state, pages, rows, rate } = JSON.parse(sent.out) as FaxReport;
    assert.deepEqual([state, pages, rows, rate], ['complete', 1, 1143, 14_400]);
    await eventually('the page is there', async () => (await list('101'))[0]?.fax?.state === 'complete');
    assert.equal((await voice.ask('100', 'hangup', id)).code, 0);
    assert.equal((await client.ended).code, 0);
  });

  it('ends a call when its command is interrupted', async () => {
    const { client } = await longCall();
    assert.equal((await client.stop('SIGINT')).code, 1);
    await eventually('no call is left', async () => (await list('101')).length === 0);
  });

  it('names the endpoints that there are when one is unknown', async () => {
    assert.equal((await voice.ask('100', 'call', '101', '--from', 'Phone-Fax1', '--duration', '0')).code, 0);
    const { code, err } = await voice.ask('100', 'call', '101', '--from', 'Phone9');
    assert.equal(code, 1);
    assert.match(err, /no endpoint or user 'Phone9' that can call: known are Phone-Fax1, 100\n$/);
  });

  it('reports wrong usage in one line and exits 2', async () => {
    const run = (...args: string[]) => program('cpe/main.ts', args).ended;
    const cases: [string[], RegExp][] = [
      [['calls'], /--state DIR is needed/],
      [['call', '--state', 'x'], /usage: call TO --state DIR; 0 arguments/],
      [['hold', '1', '2', '--state', 'x'], /usage: hold ID/],
      [['run', '--ladder', '--log-level', 'error'], /--ladder needs --state DIR/],
      [['call', '1', '--state', 'x', '--expect', 'loud'], /--expect: 'loud' is not secure, plain or a status/],
      [['call', '1', '--state', 'x', '--duration=-1'], /--duration/],
    ];
    await Promise.all(
      cases.map(async ([args, reason]) => {
        const { code, err } = await run(...args);
        assert.equal(code, 2, err);
        assert.match(err, reason);
        assert.equal(err.trimEnd().split('\n').length, 1);
      }),
    );
    const { code, err } = await run('calls', '--state', voice.folder);
    assert.equal(code, 1);
    assert.match(err, /^tandem-cpe: no unit runs at [^\n]+\n$/);
  });

  it('replaces the socket of a unit that was killed, and lets its owner alone open it', async () => {
    const path = join(voice.state('100'), 'control.sock');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await caller.stop('SIGKILL');
    assert.equal((await voice.ask('100', 'calls')).code, 1);
    caller = await voice.unit('100');
    assert.equal((await voice.ask('100', 'calls')).out, 'none\n');
  });

  it('refuses a second unit with the same state, in one line, and the first one goes on', async () => {
    const before = await list('101');
    const second = program('cpe/main.ts', [
      'run',
      '--state',
      voice.state('101'),
      '--serial',
      '9',
      '--log-level',
      'warn',
    ]);
    const { code, err } = await second.ended;
    assert.equal(code, 1);
    assert.match(err, /^tandem-cpe: another unit runs with the state in [^\n]+101\n$/);
    assert.deepEqual(await list('101'), before);
  });

  it('survives a client that sends nonsense, too much, or goes away', async () => {
    const path = join(voice.state('101'), 'control.sock');
    const socket = connect(path);
    let text = '';
    socket.on('data', chunk => {
      text += chunk;
    });
    socket.write('{"command":"call","args":[]}\n{"command":"__proto__"}\n{"command":"calls","options":{"a":{}}}\n[]\n');
    while (text.split('\n').length < 5) await once(socket, 'data');
    assert.equal(text.match(/"ok":false/g)?.length, 4);
    socket.on('error', () => undefined);
    socket.write('x'.repeat(100_000));
    await once(socket, 'close');
    assert.deepEqual(await list('101'), []);
  });
});

describe('the expectation of a call', () => {
  const call = (suite: string, authFailures = 0): CallOutcome => ({
    ...{
      id: 1,
      callId: 'x',
      direction: 'out',
      user: '100',
      peer: '101',
      state: 'up',
      established: true,
      seconds: 1,
      ended: '',
    },
    ...{
      sent: 1,
      received: 1,
      replays: 0,
      remote: '',
      codec: 'PCMU',
      ptime: 20,
      lost: 0,
      jitter: 0,
      suite,
      authFailures,
    },
  });
  const failed: CallOutcome = { established: false, status: 415, reason: 'no' };

  it('is met or not by the protection of the media and the status', () => {
    const met = (report: CallOutcome, expect?: string): boolean => unexpected(report, expect) === undefined;
    assert.deepEqual(
      [undefined, 'secure', 'plain', '415', '488'].map(expect => [
        met(call('AES_CM_128_HMAC_SHA1_80'), expect),
        met(call('none'), expect),
        met(call('AES_CM_128_HMAC_SHA1_80', 1), expect),
        met(failed, expect),
      ]),
      [
        [true, true, true, false],
        [true, false, false, false],
        [false, true, false, false],
        [false, false, false, true],
        [false, false, false, false],
      ],
    );
  });
});
