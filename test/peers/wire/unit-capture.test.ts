// The packet capture of a unit, as tshark reads it: its own SIP, media and syslog, sent to a URL.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.ts';
import { endPrograms } from '../../support/processes/process.ts';
import { startVoice, type VoiceProcesses } from '../../support/processes/voice-units.ts';
import { peerSuite, run } from '../../support/servers/peers.ts';

peerSuite('the packet capture of a unit', { programs: ['tshark'] }, function () {
  this.timeout(60_000);
  let voice: VoiceProcesses;
  let server: Server;
  let url: string;
  /** Bodies of PUT requests. */
  const received: Buffer[] = [];
  let status = 201;

  before(async () => {
    server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        if (request.method === 'PUT') received.push(Buffer.concat(parts));
        response.writeHead(request.method === 'PUT' ? status : 503).end();
      });
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    voice = await startVoice();
    const keys = ['--keylog', join(voice.folder, 'keys')];
    const syslog = ['--set', 'Nlm.SyslogRemoteHost=127.0.0.1:9'];
    await Promise.all([voice.unit('100', '--acs', url, ...keys, ...syslog), voice.unit('101')]);
  });
  after(async () => {
    await endPrograms();
    await voice.stop();
    server.close();
  });

  const script = async (...lines: string[]): Promise<void> => {
    const file = join(voice.folder, 'capture.cfg');
    await writeFile(file, `${lines.join('\n')}\n`);
    const { code, out, err } = await voice.ask('100', 'script', file);
    assert.equal(code, 0, `${out}${err}`);
  };
  const state = async (): Promise<string> =>
    /"(\w+)"/.exec((await voice.ask('100', 'get', 'Nlm.PCaptureState')).out)?.[1] ?? '';
  const stateIs = (wanted: string): Promise<true> =>
    eventually(`state ${wanted}`, async () => (await state()).endsWith(wanted) || undefined);
  const read = async (bytes: Buffer, ...options: string[]): Promise<string> => {
    const file = join(voice.folder, 'unit.pcap');
    await writeFile(file, bytes);
    const decode = ['-d', `tcp.port==${voice.port},tls`, '-d', `tls.port==${voice.port},sip`];
    return (await run('tshark', ['-r', file, ...decode, ...options])).stdout;
  };

  it('holds SIP over TLS for the key log, media and syslog, and is sent when it ends', async () => {
    await script(
      'SipEp.MinSeverity = Info',
      'Nlm.Events[Index=1].Criteria = "All"',
      'Nlm.Events[Index=1].Action = SendViaSyslog',
      `Nlm.PCaptureFileUrl = "${url}unit.pcap"`,
      'Nlm.PCaptureStart',
      'Scm.ServiceCommands[Name=SipEp].Restart = Restart',
    );
    await stateIs('Requested');
    await eventually('a call', async () => {
      const { code } = await voice.ask('100', 'call', '101', '--duration', '0.5', '--expect', 'secure');
      return code === 0 || undefined;
    });
    await script('Nlm.PCaptureStop');
    await stateIs('Completed');
    const [bytes = Buffer.alloc(0)] = received;
    const keyed = ['-o', `tls.keylog_file:${join(voice.folder, 'keys')}`];
    const sip = await read(
      bytes,
      ...keyed,
      '-Y',
      'sip',
      '-T',
      'fields',
      '-e',
      'sip.Request-Line',
      '-e',
      'sip.Status-Line',
    );
    assert.match(sip, /REGISTER sip:[\s\S]*INVITE sip:101@[\s\S]*SIP\/2\.0 200 OK[\s\S]*BYE sip:/);
    assert.equal(await read(bytes, '-Y', 'sip'), '');
    const media = (await read(bytes, '-Y', 'udp.length > 150', '-T', 'fields', '-e', 'udp.length')).split('\n');
    assert.ok(media.length > 30, `${media.length} packets of media`);
    assert.match(await read(bytes, '-Y', 'syslog || udp.port == 9', '-T', 'fields', '-e', 'udp.dstport'), /^9$/m);
    const broken =
      '_ws.malformed || tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment || tcp.analysis.retransmission';
    assert.equal(await read(bytes, '-Y', broken), '');
    assert.equal(
      await read(
        bytes,
        '-o',
        'tcp.check_checksum:TRUE',
        '-o',
        'udp.check_checksum:TRUE',
        '-Y',
        'tcp.checksum.status == 0 || udp.checksum.status == 0',
      ),
      '',
    );
  });

  it('keeps what its filter and its number of frames let through', async () => {
    received.length = 0;
    await script(
      'Nlm.PCaptureFilter = "udp dst port 9 and not host 192.0.2.1"',
      'Nlm.PCaptureNbFrames = 1',
      'Nlm.PCaptureStart',
    );
    await script('Scm.ServiceCommands[Name=SipEp].Restart = Restart');
    await stateIs('Completed');
    assert.match(await read(received[0] ?? Buffer.alloc(0), '-T', 'fields', '-e', 'udp.dstport'), /^9\n$/);
  });

  it('says why there is none when filter, link, URL or server is wrong', async () => {
    const tried = async (name: string, wrong: string, right: string): Promise<string> => {
      await script(`Nlm.${name} = "${wrong}"`, 'Nlm.PCaptureStart', 'Nlm.PCaptureStop', `Nlm.${name} = "${right}"`);
      return await state();
    };
    await script('Nlm.PCaptureNbFrames = 0', 'Nlm.PCaptureFilter = ""');
    assert.match(await tried('PCaptureFilter', 'udp port x', ''), /FilterFailure$/);
    assert.match(await tried('PCaptureLinkName', 'eth9', ''), /LinkFailure$/);
    assert.match(await tried('PCaptureFileUrl', 'gopher://127.0.0.1/x', ''), /UrlFailure$/);
    assert.match(await tried('PCaptureFileUrl', 'http://127.0.0.1:1/x', ''), /HostUnreachableFailure$/);
    status = 401;
    assert.match(await tried('PCaptureFileUrl', `${url}x`, ''), /AuthenticationFailure$/);
  });
});
