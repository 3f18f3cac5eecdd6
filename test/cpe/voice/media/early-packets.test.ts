// Packets that arrive before the answer which tells their keys.
import assert from 'node:assert/strict';
import { encodeG711 } from '../../../../cpe/voice/media/codecs/g711.ts';
import type { MediaParameters } from '../../../../cpe/voice/media/parameters.ts';
import { MediaReceiver } from '../../../../cpe/voice/media/receiver.ts';
import { encodeRtp } from '../../../../cpe/voice/media/rtp.ts';
import { type SrtpKeying, SrtpReceiver, SrtpSender } from '../../../../cpe/voice/media/srtp.ts';
import { createTone } from '../../../../cpe/voice/media/tone.ts';
import { VirtualClock } from '../../../../shared/clock.ts';
import { portOf } from '../../../../shared/net/port.ts';

const keying = (byte: number): SrtpKeying => {
  return { suite: 'AES_CM_128_HMAC_SHA1_80', key: Buffer.alloc(16, byte), salt: Buffer.alloc(14, byte) };
};
const PEER = '127.0.0.9';
const format = { codec: 'PCMU', payloadType: 0 } as const;

describe('media before the answer that tells its keys', () => {
  const port = portOf(4000) ?? assert.fail('no port');
  const parameters: MediaParameters = {
    ...{ ...format, receive: [format], ptime: 20, eventPackets: 3, sending: true },
    remote: { address: PEER, port, rtcpPort: undefined },
  };
  const receiverWith = (byte: number): MediaReceiver => {
    const receiver = new MediaReceiver(new VirtualClock(), 1);
    receiver.useKeys(new SrtpReceiver(keying(byte)), parameters);
    return receiver;
  };
  const packets = (byte: number, count: number, from = 0): Buffer[] => {
    const sender = new SrtpSender(keying(byte));
    const tone = createTone(600);
    return Array.from({ length: count }, (_, at) => {
      const payload = encodeG711('PCMU', tone(160));
      const sequence = from + at;
      return sender.protect(
        encodeRtp({ payloadType: 0, marker: false, sequence, timestamp: 160 * sequence, ssrc: 7, payload }),
      );
    });
  };
  const take = (receiver: MediaReceiver, all: Buffer[]): void => {
    for (const bytes of all) receiver.takeRtp(bytes, PEER, parameters);
  };

  it('is taken once the keys are there, and is no failure then', () => {
    const receiver = receiverWith(1);
    take(receiver, packets(1, 5));
    take(receiver, packets(2, 10));
    assert.deepEqual([receiver.stats().received, receiver.stats().authFailures], [5, 10]);
    receiver.useKeys(new SrtpReceiver(keying(2)), parameters);
    assert.deepEqual([receiver.stats().received, receiver.stats().authFailures], [15, 0]);
  });

  it('counts as failure when no keys open it, however often they change', () => {
    const receiver = receiverWith(1);
    take(receiver, packets(9, 4));
    for (const byte of [2, 3]) receiver.useKeys(new SrtpReceiver(keying(byte)), parameters);
    assert.deepEqual([receiver.stats().received, receiver.stats().authFailures], [0, 4]);
    receiver.useKeys(undefined, parameters);
    assert.equal(receiver.stats().authFailures, 4);
  });

  it('is kept for half a second, the last packets of it', () => {
    const receiver = receiverWith(1);
    take(receiver, packets(2, 100));
    receiver.useKeys(new SrtpReceiver(keying(2)), parameters);
    assert.deepEqual([receiver.stats().received, receiver.stats().authFailures], [25, 75]);
  });
});
