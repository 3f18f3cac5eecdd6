// tshark reads what the gatekeeper and terminals of pycrate say to each other: RAS in clear, and RAS and calls over TLS.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.ts';
import { type H323Lab, openH323Lab } from '../../support/h323/lab.ts';
import { H323Peers, h323Needs } from '../../support/h323/terminals.ts';
import { peerSuite } from '../../support/servers/peers.ts';
import { type Capture, capture } from '../../support/servers/tshark.ts';

const needs = { ...h323Needs, programs: ['tshark'], root: true };

peerSuite('tshark, of H.323 terminals at the gatekeeper', needs, function () {
  this.timeout(40_000);
  let folder: string;
  let lab: H323Lab;
  let peers: H323Peers;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'h323-'));
    lab = await openH323Lab({ keylog: line => appendFileSync(join(folder, 'keys'), line) });
    await lab.add({ dir: '4100' }, { dir: '4101' });
    peers = await H323Peers.start();
  });
  afterEach(async () => {
    await peers.stop();
    await lab.stop();
    await rm(folder, { recursive: true });
  });

  /** Waits until the recording has as many lines as wanted, and gives them. */
  const read = async (recording: Capture, wanted: number, ...options: string[]): Promise<string[]> => {
    // The file ends in the midst of a packet while it is recorded.
    const lines = async (): Promise<string[]> => (await recording.read(...options).catch(() => '')).trim().split('\n');
    await eventually('tshark has all', async () => (await lines()).length >= wanted, 10_000, 500);
    await recording.stop();
    return await lines();
  };

  it('reads RCF, RRJ with its reason, and ACF, none malformed', async () => {
    const { ras, calls } = lab.ports;
    const recording = await capture(join(folder, 'ras.pcap'), `udp port ${ras}`);
    const terminal = async (dir: string) => await peers.terminal({ aliases: [dir], ras, calls, product: 'DBC42501' });
    const [first, second] = [await terminal('4100'), await terminal('4101')];
    for (const one of [first, second]) await one.ask('register');
    await first.ask('admit', { to: '4101' });
    await lab.setPolicy(1);
    await first.ask('register');
    const options = ['-d', `udp.port==${ras},h225`];
    const wanted = ['3', '4', '3', '4', '9', '10', '3', '5'];
    const names = await read(recording, wanted.length, ...options, '-T', 'fields', '-e', 'h225.RasMessage');
    assert.deepEqual(names, wanted);
    const text = await recording.read(...options, '-V');
    assert.match(text, /rejectReason: securityDenial/);
    assert.doesNotMatch(text, /Malformed|Dissector bug/);
  });

  it('reads the RAS messages and the call in a TLS connection, none malformed', async () => {
    const { tls } = lab.ports;
    const recording = await capture(join(folder, 'tls.pcap'), `tcp port ${tls}`);
    const terminal = async (dir: string) =>
      await peers.terminal({ aliases: [dir], tls, password: dir, product: 'DBC42502' });
    const [caller, called] = [await terminal('4100'), await terminal('4101')];
    for (const one of [caller, called]) await one.ask('register');
    caller.tell('call', { to: '4101' });
    await caller.hears('call', 'connect');
    caller.tell('hangup');
    await called.hears('call', 'releaseComplete');
    const keys = ['-o', `tls.keylog_file:${join(folder, 'keys')}`];
    const options = [...keys, '-d', `tcp.port==${tls},tls`, '-d', `tls.port==${tls},q931`];
    const columns = ['-Y', 'h225', '-T', 'fields', '-e', '_ws.col.Info'];
    const infos = await read(recording, 18, ...options, ...columns);
    for (const info of [
      'CS: empty RAS: registrationConfirm',
      'CS: empty RAS: admissionConfirm',
      'CS: setup',
      'CS: alerting',
      'CS: connect',
      'CS: releaseComplete',
    ])
      assert.ok(
        infos.some(line => line.startsWith(info)),
        `${info} in ${infos.join(', ')}`,
      );
    assert.doesNotMatch(await recording.read(...options, '-V'), /Malformed|Dissector bug/);
  });
});
