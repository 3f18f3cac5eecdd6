// The rules for media encryption: which switch decides about a call, and what an offer or an answer must be.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { PolicyNumber } from '../../../pbx/exchange/data.ts';
import { descriptionOf, summaryOf } from '../../../pbx/media/description.ts';
import { answerProblem, type MediaParty, type MediaRule, offerProblem, ruleFor } from '../../../pbx/media/rules.ts';
import { createRequest } from '../../../shared/sip/message.ts';
import { crypto, describeMedia, plainAudio, secureAudio, t38 } from '../../support/voice/descriptions.ts';

const party = (is: MediaParty['is'], more: Partial<MediaParty> = {}): MediaParty => ({
  is,
  protocol: 'SIP',
  name: is,
  hasException: false,
  ...more,
});
const h323 = party('extension', { protocol: 'H.323' });
const off = { extension: false, route: false, intermgw: false };
type Switches = Partial<typeof off>;
const decided = (switches: Switches, one: MediaParty, other: MediaParty, policy: PolicyNumber = 0): MediaRule =>
  ruleFor({ policy, mediaEncryption: { ...off, ...switches } }, one, other);

const rows: { title: string; one: MediaParty; other: MediaParty; kind: string; by: string }[] = [
  { title: 'two SIP extensions', one: party('extension'), other: party('extension'), kind: 'direct', by: 'extension' },
  {
    title: 'extension and gateway',
    one: party('extension'),
    other: party('gateway'),
    kind: 'gateway',
    by: 'extension',
  },
  {
    title: 'extension and other exchange',
    one: party('extension'),
    other: party('route'),
    kind: 'route',
    by: 'extension',
  },
  { title: 'two H.323 terminals', one: h323, other: h323, kind: 'direct', by: 'endpoints' },
  { title: 'H.323 terminal and gateway', one: h323, other: party('gateway'), kind: 'gateway', by: 'extension' },
  { title: 'gateway and other exchange', one: party('gateway'), other: party('route'), kind: 'gateway', by: 'route' },
  { title: 'two exchanges', one: party('route'), other: party('route'), kind: 'route', by: 'endpoints' },
  {
    title: 'two gateways',
    one: party('gateway', { name: 'a' }),
    other: party('gateway'),
    kind: 'gateway',
    by: 'intermgw',
  },
  { title: 'one gateway twice', one: party('gateway'), other: party('gateway'), kind: 'gateway', by: 'endpoints' },
];

describe('the switch of media encryption that decides', () => {
  for (const { title, one, other, kind, by } of rows) {
    it(`is ${by} between ${title}, in either direction`, () => {
      for (const [from, to] of [
        [one, other],
        [other, one],
      ] as const) {
        const all = decided({ extension: true, route: true, intermgw: true }, from, to);
        assert.deepEqual(all, { kind, decidedBy: by, isRequired: by !== 'endpoints' });
        const others = { extension: by !== 'extension', route: by !== 'route', intermgw: by !== 'intermgw' };
        assert.equal(decided(others, from, to).isRequired, false, 'the other switches change nothing');
      }
    });
  }

  it('is set aside by exceptions under policy 2 alone, where both extensions have one', () => {
    const excepted = party('extension', { hasException: true });
    const outcome = (policy: PolicyNumber, other: MediaParty): string =>
      decided({ extension: true }, excepted, other, policy).decidedBy;
    assert.equal(outcome(2, excepted), 'exception');
    assert.equal(outcome(2, party('gateway')), 'exception');
    assert.equal(outcome(2, party('extension')), 'extension');
    for (const policy of [0, 1, 3] as const) assert.equal(outcome(policy, excepted), 'extension');
  });
});

describe('an offer or answer where media must be encrypted', () => {
  const must: MediaRule = { kind: 'direct', decidedBy: 'extension', isRequired: true };
  const read = (body: string, type = 'application/sdp') =>
    descriptionOf(createRequest('INVITE', 'sip:1@x', { body, contentType: type }));
  const problems = (body: string, type?: string): (string | undefined)[] => [
    offerProblem(read(body, type), must),
    answerProblem(read(body, type), must),
  ];
  const passes = (body: string, type?: string): void => assert.deepEqual(problems(body, type), [undefined, undefined]);
  const fails = (text: RegExp, body: string, type?: string): void => {
    for (const problem of problems(body, type)) assert.match(problem ?? '', text);
  };

  it('passes with SRTP keyed by SDES, MIKEY or DTLS', () => {
    passes(describeMedia(secureAudio));
    passes(describeMedia({ ...secureAudio, profile: 'RTP/SAVPF' }));
    passes(describeMedia({ ...secureAudio, attributes: ['key-mgmt:mikey AQAFgM=='] }));
    passes(describeMedia({ ...secureAudio, profile: 'UDP/TLS/RTP/SAVPF', attributes: ['fingerprint:sha-256 AA:BB'] }));
  });

  it('fails with RTP/AVP, with or without keys beside it', () => {
    fails(/audio in RTP\/AVP/, describeMedia(plainAudio));
    fails(/RTP\/AVPF/, describeMedia({ ...plainAudio, profile: 'RTP/AVPF' }));
    fails(/RTP\/AVP/, describeMedia({ ...plainAudio, attributes: [crypto] }));
  });

  it('fails with SRTP that has no key, or one that encrypts nothing', () => {
    fails(/RTP\/SAVP/, describeMedia({ ...secureAudio, attributes: [] }));
    fails(/RTP\/SAVP/, describeMedia({ ...secureAudio, attributes: [`${crypto} UNENCRYPTED_SRTP`] }));
    fails(/RTP\/SAVP/, describeMedia({ ...secureAudio, attributes: [`${crypto} unencrypted_srtp`] }));
    fails(/RTP\/SAVP/, describeMedia({ ...secureAudio, attributes: ['crypto:1 NULL_HMAC_SHA1_80 inline:AAAA'] }));
    passes(describeMedia({ ...secureAudio, attributes: [`${crypto} UNENCRYPTED_SRTP`, crypto] }));
  });

  it('looks at every stream in use, and at no stream that is off', () => {
    fails(/video in RTP\/AVP/, describeMedia(secureAudio, { ...plainAudio, type: 'video' }));
    passes(describeMedia(secureAudio, { ...plainAudio, type: 'video', port: 0 }));
    fails(/image in udptl/, describeMedia(t38));
    fails(/image in udptl/, describeMedia(secureAudio, t38));
  });

  it('lets a plain stream stand beside an encrypted one in the offer, not in the answer', () => {
    const fallback = describeMedia(secureAudio, plainAudio);
    const [offer, answer] = problems(fallback);
    assert.equal(offer, undefined);
    assert.match(answer ?? '', /RTP\/AVP/);
  });

  it('passes a call on hold, of either kind', () => {
    passes(describeMedia({ ...secureAudio, attributes: [crypto, 'sendonly'] }));
    passes(
      describeMedia({ ...secureAudio, attributes: [crypto, 'inactive'] }).replace(
        'IP4 127.0.0.1\r\nt=',
        'IP4 0.0.0.0\r\nt=',
      ),
    );
  });

  it('finds the description in a multipart body, and fails where it cannot be told', () => {
    const part = (body: string): string => `--b\r\nContent-Type: application/sdp\r\n\r\n${body}\r\n`;
    const isup = '--b\r\nContent-Type: application/isup\r\n\r\n\u0001\u0002\r\n';
    const type = 'multipart/mixed;boundary="b"';
    passes(`${isup}${part(describeMedia(secureAudio))}--b--\r\n`, type);
    fails(/RTP\/AVP/, `${isup}${part(describeMedia(plainAudio))}--b--\r\n`, type);
    fails(/two descriptions/, `${part(describeMedia(secureAudio))}${part(describeMedia(plainAudio))}--b--\r\n`, type);
    const folded = part(describeMedia(plainAudio)).replace('application/sdp', '\r\n application/sdp');
    for (const before of ['', part(describeMedia(secureAudio))])
      fails(/hides a description/, `${before}${folded}--b--\r\n`, type);
    fails(/no boundary/, part(describeMedia(secureAudio)), 'multipart/mixed');
    fails(/no parts/, 'nothing', type);
  });

  it('fails with a description that cannot be read, and reads one without type', () => {
    fails(/cannot be read/, 'garbage');
    fails(/cannot be read/, `v=0\r\n${'a=x\r\n'.repeat(20_000)}`);
    for (const type of ['', 'text/plain']) fails(/RTP\/AVP/, describeMedia(plainAudio), type);
    passes('hello', 'text/plain');
    const twice = createRequest('INVITE', 'sip:1@x', { body: describeMedia(plainAudio), contentType: 'text/plain' });
    twice.headers.add('Content-Type', 'application/sdp');
    assert.match(offerProblem(descriptionOf(twice), must) ?? '', /two types/);
    const packed = createRequest('INVITE', 'sip:1@x', { body: 'x', contentType: 'application/sdp' });
    packed.headers.add('Content-Encoding', 'gzip');
    assert.match(offerProblem(descriptionOf(packed), must) ?? '', /encoded: gzip/);
  });

  it('passes anything where nothing is required', () => {
    const rule: MediaRule = { kind: 'direct', decidedBy: 'extension', isRequired: false };
    for (const body of [describeMedia(plainAudio), 'garbage']) assert.equal(offerProblem(read(body), rule), undefined);
  });

  it('never passes a plain stream in use, however the body was damaged', () => {
    const part = (body: string): string => `--b\r\nContent-Type: application/sdp\r\n\r\n${body}\r\n--b--\r\n`;
    const bodies = [
      describeMedia(secureAudio, plainAudio),
      describeMedia(secureAudio, t38),
      describeMedia({ ...secureAudio, attributes: ['key-mgmt:mikey AQAFgM=='] }, secureAudio),
    ];
    const types = ['application/sdp', 'multipart/mixed;boundary=b', 'text/plain', ''];
    const edit = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(40),
      text: fc.string({ maxLength: 8 }),
    });
    const edits = fc.array(edit, { maxLength: 4 });
    fc.assert(
      fc.property(
        fc.constantFrom(...bodies),
        fc.constantFrom(...types),
        fc.boolean(),
        edits,
        (body, type, isPart, all) => {
          const damaged = all.reduce(
            (text, { at, cut, text: put }) => {
              const from = Math.floor(at * text.length);
              return text.slice(0, from) + put + text.slice(from + cut);
            },
            isPart ? part(body) : body,
          );
          const description = read(damaged, type);
          if (description.is === 'none') assert.ok(!type.startsWith('multipart') || !/^v=0/m.test(damaged), damaged);
          if (description.is !== 'read') return;
          if (answerProblem(description, must) !== undefined) return;
          for (const [, port, profile = ''] of damaged.matchAll(/^m=\S+ +(\d+)\S* +(\S+)/gm))
            assert.ok(Number(port) === 0 || /SAVP|TLS/i.test(profile), damaged);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('is summed up by profile, suite and key management', () => {
    assert.deepEqual(summaryOf(read(describeMedia({ ...plainAudio, port: 0 }, secureAudio))), {
      profile: 'RTP/SAVP',
      suite: 'AES_CM_128_HMAC_SHA1_80',
      keyManagement: 'SDES',
      isEncrypted: true,
    });
    assert.deepEqual(summaryOf(read(describeMedia(plainAudio))), { profile: 'RTP/AVP', isEncrypted: false });
  });
});
