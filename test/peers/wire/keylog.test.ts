// A capture of a call over TLS as the vendor's notes read it: with the server's RSA key, and, where a Diffie-Hellman exchange rules that out,
// with the key log of one end.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endPrograms } from '../../support/processes/process.ts';
import { startVoice, type VoiceProcesses } from '../../support/processes/voice-units.ts';
import { peerSuite } from '../../support/servers/peers.ts';
import { type Capture, capture } from '../../support/servers/tshark.ts';

peerSuite('a captured call', { programs: ['tshark'], root: true }, function () {
  this.timeout(60_000);
  let voice: VoiceProcesses;
  let wire: Capture;

  afterEach(endPrograms);

  /** A call of two units with these settings, while tshark listens. */
  const called = async (options: string[], ...ofServer: string[]): Promise<void> => {
    voice = await startVoice(...ofServer);
    wire = await capture(join(voice.folder, 'call.pcapng'), `tcp port ${voice.port}`);
    const [caller] = await Promise.all([voice.unit('100', ...options), voice.unit('101', ...options)]);
    const { code, err } = await voice.ask('100', 'call', '101', '--duration', '0.5', '--expect', 'secure');
    assert.equal(code, 0, err);
    await caller.stop();
    await wire.stop();
  };
  /** Start lines and MIME types that tshark sees with these preferences. */
  const seen = async (...preferences: string[]): Promise<string> => {
    const decode = ['-d', `tcp.port==${voice.port},tls`, '-d', `tls.port==${voice.port},sip`];
    const fields = ['-Y', 'sip', '-T', 'fields', '-e', 'sip.Request-Line', '-e', 'sip.Status-Line', '-e', 'sdp.media'];
    return await wire.read(...decode, ...preferences, ...fields);
  };
  const suite = async (): Promise<string> =>
    await wire.read('-Y', 'tls.handshake.type == 2', '-T', 'fields', '-e', 'tls.handshake.ciphersuite');
  const serverKey = (): string[] => ['-o', `uat:rsa_keys:"${join(voice.folder, 'pbx', 'server.key')}",""`];
  const keyLog = (file: string): string[] => ['-o', `tls.keylog_file:${file}`];
  const whole = /INVITE sip:101@[\s\S]*SIP\/2\.0 200 OK\taudio \d+ RTP\/SAVP/;

  it('is read with the kept RSA key of the server', async () => {
    await called(['--set', 'SipEp.TransportTlsCipherSuite=CS1']);
    // TLS_RSA_WITH_AES_256_CBC_SHA
    assert.match(await suite(), /^0x0035$/m);
    assert.equal((await seen()).trim(), '');
    assert.match(await seen(...serverKey()), whole);
    await voice.stop();
  });

  it('needs the key log of the unit or of the server after a Diffie-Hellman exchange', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keys-'));
    const keys = (name: string): string => join(folder, name);
    await called(['--set', 'SipEp.TransportTlsCipherSuite=CS3', '--keylog', keys('units')], '--keylog', keys('server'));
    assert.match(await suite(), /^0x(c0|00[69])/im);
    assert.equal((await seen(...serverKey())).trim(), '');
    assert.match(await seen(...keyLog(keys('units'))), whole);
    assert.match(await seen(...keyLog(keys('server'))), whole);
    await Promise.all([voice.stop(), rm(folder, { recursive: true })]);
  });
});
