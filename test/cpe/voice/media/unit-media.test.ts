// Codecs and digits of whole units: what their settings make of a call, for all endpoints and for one.
import assert from 'node:assert/strict';
import { endpointMedia } from '../../../../cpe/services/sip/media.ts';
import type { SipUserAgent } from '../../../../cpe/voice/user-agent.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { createLog } from '../../../../shared/log.ts';
import { assertTone, reached, talking } from '../../../support/cpe/voice.ts';
import { Telephones } from '../../../support/voice/telephones.ts';

const only = (name: string): Record<string, string> => ({
  ...Object.fromEntries(
    ['G711Mulaw', 'G711Alaw', 'G722'].map(one => [`Mipt.DefaultCodec${one}VoiceEnable`, 'Disable']),
  ),
  [`Mipt.DefaultCodec${name}VoiceEnable`]: 'Enable',
});

describe('codecs and digits of whole units', () => {
  const telephones = Telephones.inSuite(11);
  const boot = (user: string, settings: Record<string, string>): Promise<SipUserAgent> =>
    telephones.boot(user, settings, { tone: user === '100' ? 440 : 880 });
  const callOf = Telephones.connect;

  for (const [variable, codec, ptime] of [
    ['G711Alaw', 'PCMA', 30],
    ['G722', 'G722', 20],
    ['G726r16kbps', 'G726-16', 30],
    ['G726r24kbps', 'G726-24', 30],
    ['G726r32kbps', 'G726-32', 30],
    ['G726r40kbps', 'G726-40', 30],
  ] as const) {
    it(`carries tones both ways as ${codec} where only ${variable} is enabled`, async () => {
      const [call, answered] = await callOf(
        await boot('100', only(variable)),
        await boot('101', {
          [`Mipt.DefaultCodec${variable}VoiceEnable`]: 'Enable',
        }),
      );
      await talking(25, call, answered);
      const [near, far] = [call.stats(), answered.stats()];
      assert.deepEqual([near.codec, near.ptime, far.codec, far.ptime], [codec, ptime, codec, ptime]);
      assertTone(near.tone, 880, 'caller');
      assertTone(far.tone, 440, 'called');
      assert.deepEqual([near.lost, far.lost], [0, 0]);
      await call.hangup();
      await answered.ended;
    });
  }

  it('prefers the codec of the higher priority, in packets of its own time', async () => {
    const settings = {
      'Mipt.DefaultCodecG711AlawVoicePriority': '5',
      'Mipt.DefaultCodecG711AlawMinPTime': '10',
    };
    const [call, answered] = await callOf(await boot('100', settings), await boot('101', {}));
    await talking(20, call, answered);
    const [near, far] = [call.stats(), answered.stats()];
    assert.deepEqual([near.codec, near.ptime, far.codec, far.ptime], ['PCMA', 30, 'PCMA', 30]);
    await call.hangup();
    await answered.ended;
    await telephones.gateways.powerOff();
    const [second, other] = await callOf(await boot('100', settings), await boot('101', settings));
    await talking(20, second, other);
    assert.deepEqual([second.stats().ptime, other.stats().ptime], [10, 10]);
    await second.hangup();
    await other.ended;
  });

  for (const [method, name] of [
    ['InBand', 'tones in the audio'],
    ['OutOfBandUsingRtp', 'telephone-events'],
    ['SignalingProtocolDependent', 'telephone-events by the session description'],
  ] as const) {
    it(`sends digits as ${name} where DTMF transport is ${method}`, async () => {
      const settings = { 'Mipt.DefaultDtmfTransportMethod': method, 'Mipt.DefaultDtmfTransportPayloadType': '101' };
      const [call, answered] = await callOf(await boot('100', settings), await boot('101', settings));
      await call.sendDigits('17#');
      await answered.sendDigits('*0D');
      await reached(() => call.stats().digits?.length === 3 && answered.stats().digits?.length === 3, 'digits');
      assert.deepEqual([call.stats().digits, answered.stats().digits], ['*0D', '17#']);
      await call.hangup();
      assert.equal((await answered.ended).reason, 'the peer hung up');
      const { mos, rating, lost } = answered.stats();
      assert.ok(mos !== undefined && mos > 4 && rating !== undefined && rating > 85 && lost === 0);
    });
  }

  it('keeps the settings of a codec that it does not have, and says that nothing is offered', async () => {
    const lines: string[] = [];
    const log = createLog({ clock: systemClock(), level: 'info', write: line => void lines.push(line) });
    const { device } = await telephones.gateways.up({ log });
    const set = (name: string, value: string) =>
      device.config.set([{ name: `Device.X_0090F8_Mipt.${name}`, value }], 'web');
    await set('DefaultCodecG729VoiceEnable', 'Disable');
    await set('DefaultCodecG729VoiceEnable', 'Enable');
    await set('DefaultCodecG722VoicePriority', '7');
    const said = lines.filter(line => line.includes('codec not offered'));
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /"codec":"G729"/);
  });

  it('reads the settings of an endpoint from its own rows where they are enabled', async () => {
    const row = (table: string, changes: Record<string, string>): Record<string, string> =>
      Object.fromEntries(
        Object.entries(changes).map(([name, value]) => [`Mipt.EpSpecific${table}[EpId=Phone-Fax2].${name}`, value]),
      );
    const { device } = await telephones.gateways.make({
      profile: {
        parameters: {
          'Mipt.AllowUnsecureT38WithSrtp': 'Enable',
          'Mipt.DefaultCodecG726r32kbpsVoiceEnable': 'Enable',
          'Mipt.DefaultCodecG726r32kbpsPayloadType': '111',
          ...row('CodecG711Mulaw', { EnableConfig: 'Enable', VoiceEnable: 'Disable' }),
          ...row('CodecG722', { VoiceEnable: 'Disable' }),
          ...row('CodecT38', { EnableConfig: 'Enable', DataEnable: 'Disable' }),
          ...row('DtmfTransport', { EnableConfig: 'Enable', Method: 'OutOfBandUsingRtp', PayloadType: '105' }),
        },
        certificates: [],
      },
    });
    const whole = endpointMedia(device, 'Phone-Fax1');
    assert.deepEqual(
      whole.codecs.map(({ codec, payloadType, minPtime, maxPtime }) => [codec, payloadType, minPtime, maxPtime]),
      [
        ['PCMU', 0, 30, 30],
        ['PCMA', 8, 30, 30],
        ['G722', 9, 20, 20],
        ['G726-32', 111, 30, 30],
      ],
    );
    assert.deepEqual(whole.dtmf, { transport: 'in-band', payloadType: 96, initialPackets: 3 });
    assert.deepEqual(whole.t38, { redundancy: 3, basePort: 6004, besideSrtp: true, onCallingTone: true });
    const own = endpointMedia(device, 'Phone-Fax2');
    assert.deepEqual(
      own.codecs.map(({ codec }) => codec),
      ['PCMA', 'G722', 'G726-32'],
    );
    assert.deepEqual(own.dtmf, { transport: 'rtp', payloadType: 105, initialPackets: 3 });
    assert.equal(own.t38, undefined);
    assert.deepEqual(endpointMedia(device, undefined), whole);
  });
});
