// tshark reads what our codec of H.225.0 writes: rejects with their reason, and the messages of a call.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { userInformation } from '../../../pbx/h323/asn1/call-signalling.ts';
import { rasMessage } from '../../../pbx/h323/asn1/ras.ts';
import type { RasMessage } from '../../../pbx/h323/messages.ts';
import { encodeCall } from '../../../pbx/h323/q931.ts';
import { encodeRas } from '../../../pbx/h323/ras.ts';
import { tpktPacket } from '../../../pbx/h323/tpkt.ts';
import { address, connect, protocolIdentifier, registration, setup } from '../../support/h323/messages.ts';
import { valuesOf } from '../../support/h323/values.ts';
import { peerSuite, run } from '../../support/servers/peers.ts';

/** Octets as text2pcap takes them: each packet begins at offset 0. */
const dump = (packets: readonly Buffer[]): string =>
  packets.map(packet => `000000 ${packet.toString('hex').replace(/../g, '$& ')}\n`).join('\n');

peerSuite('H.225.0 with tshark', { programs: ['tshark', 'text2pcap'] }, function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-h225-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Text of tshark about packets. @param transport options of text2pcap. @param options of tshark */
  const seen = async (packets: readonly Buffer[], transport: string[], ...options: string[]): Promise<string> => {
    const [text, pcap] = [join(folder, 'packets.txt'), join(folder, 'packets.pcap')];
    await writeFile(text, dump(packets));
    await run('text2pcap', ['-q', ...transport, text, pcap]);
    return (await run('tshark', ['-r', pcap, ...options], { maxBuffer: 256 * 1024 * 1024 })).stdout;
  };
  /** tshark reads no integers of more than four octets, and takes the content of these for other protocols. */
  const without = [
    ...['tokens', 'cryptoTokens', 'h245Control', 'fastStart', 'parallelH245Control', 'h4501SupplementaryService'],
    ...['messageNotUnderstood'],
  ];
  const ras = ['-u', '1719,1719'];
  const calls = ['-T', '40000,1720'];

  const answers: RasMessage[] = [
    {
      registrationConfirm: {
        requestSeqNum: 1,
        protocolIdentifier,
        callSignalAddress: [address(1720)],
        endpointIdentifier: 'endpoint-1',
        timeToLive: 60,
        willRespondToIRR: false,
        maintainConnection: false,
      },
    },
    { registrationReject: { requestSeqNum: 2, protocolIdentifier, rejectReason: 'securityDenial' } },
    {
      registrationReject: {
        requestSeqNum: 3,
        protocolIdentifier,
        rejectReason: { duplicateAlias: [{ dialledDigits: '200' }] },
      },
    },
  ];

  it('reads a registration, its confirm and a reject with its reason', async () => {
    const packets = [registration(1, '200'), ...answers].map(encodeRas);
    const text = await seen(packets, ras, '-O', 'h225');
    assert.doesNotMatch(text, /Malformed|encoding error/i);
    assert.match(text, /registrationRequest.*dialledDigits: 200.*h323-ID: Terminal 200.*timeToLive: 60/s);
    assert.match(text, /registrationConfirm.*endpointIdentifier: endpoint-1/s);
    assert.match(text, /registrationReject.*rejectReason: securityDenial.*rejectReason: duplicateAlias/s);
  });

  it('reads a Setup with its numbers and a Connect with its H.245 address', async () => {
    const packets = [setup(5, '200', '201'), connect(5)].map(message => tpktPacket(encodeCall(message)));
    const text = await seen(packets, calls, '-O', 'tpkt,q931,h225');
    assert.doesNotMatch(text, /Malformed|encoding error/i);
    assert.match(text, /SETUP.*Calling party number: '200'.*Called party number: '201'.*setup.*dialledDigits: 201/s);
    assert.match(text, /CONNECT.*connect.*h245Address: ipAddress.*port: 30000/s);
  });

  it('marks none of 500 random messages of RAS as malformed', async () => {
    const messages = fc.sample(valuesOf(rasMessage, { without }), { numRuns: 500, seed: 1719 });
    assert.equal(await seen(messages.map(encodeRas), ras, '-Y', '_ws.malformed'), '');
  });

  it('marks none of 500 random messages of call signalling as malformed', async () => {
    const users = fc.sample(valuesOf(userInformation, { without }), { numRuns: 500, seed: 1720 });
    const packets = users
      .map(user => encodeCall({ ...setup(1, '200', '201'), user }))
      .filter(({ length }) => length < 60_000);
    const malformed = await seen(packets.map(tpktPacket), calls, '-Y', '_ws.malformed');
    assert.equal(malformed, '');
  });
});
