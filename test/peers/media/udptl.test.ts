// tshark judges UDPTL and IFP: what it reads in our datagrams.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFrame, ourDis } from '../../../cpe/voice/fax/frames.ts';
import { encodeIfp, type Ifp } from '../../../cpe/voice/fax/ifp.ts';
import { UdptlSender } from '../../../cpe/voice/fax/udptl.ts';
import { peerSuite, run } from '../../support/servers/peers.ts';

/** As text2pcap reads it: an offset and sixteen bytes a line. */
function hexDump(bytes: Buffer): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16)
    lines.push(
      `${at.toString(16).padStart(6, '0')} ${bytes
        .subarray(at, at + 16)
        .toString('hex')
        .replace(/../g, '$& ')}`,
    );
  return `${lines.join('\n')}\n`;
}

peerSuite('T.38 against tshark', { programs: ['tshark', 'text2pcap'] }, () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-t38-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('is read as it was meant: indicators, a DIS, page data, and two repetitions', async () => {
    const sender = new UdptlSender(2);
    const dis = encodeFrame({ command: 'DIS', last: true, information: ourDis() }, false);
    const none = Buffer.alloc(0);
    const packets: Ifp[] = [
      { kind: 'indicator', indicator: 'v21-preamble' },
      {
        kind: 'data',
        type: 'v21',
        fields: [
          { type: 'hdlc-data', data: dis },
          { type: 'hdlc-fcs-OK-sig-end', data: none },
        ],
      },
      { kind: 'indicator', indicator: 'v17-14400-long-training' },
      { kind: 'data', type: 'v17-14400', fields: [{ type: 't4-non-ecm-data', data: Buffer.alloc(72, 0xff) }] },
    ];
    const [text, capture] = [join(folder, 'packets.txt'), join(folder, 'packets.pcap')];
    await writeFile(text, packets.map(packet => hexDump(sender.next(encodeIfp(packet)))).join('\n'));
    await run('text2pcap', ['-q', '-u', '6004,6004', text, capture]);
    const fields = ['seq_number', 't30_indicator', 't30_data', 'field_type'].flatMap(name => ['-e', `t38.${name}`]);
    const read = ['-r', capture, '-d', 'udp.port==6004,t38'];
    const { stdout } = await run('tshark', [...read, '-T', 'fields', ...fields, '-e', '_ws.malformed']);
    // Those of the packet itself stand before those of its repetitions.
    assert.deepEqual(
      stdout.split('\n').map(line => line.trimEnd().split('\t')),
      [['0', '3'], ['1', '3', '0', '0,4'], ['2', '15,3', '0', '0,4'], ['3', '15', '8,0', '6,0,4'], ['']],
    );
    const { stdout: summary } = await run('tshark', read);
    assert.match(summary, /Digital Identification Signal - DSR:ITU-T V\.27 ter, V\.29, and V\.17/);
  }).timeout(30_000);
});
