// One CWMP session as a CPE makes it: Inform, the answer to a 401 where one comes, an empty POST, answers to what the ACS asks.
import { systemRandom } from '../../../shared/clock.ts';
import { answerChallenge, type Challenge, chooseDigest, parseChallenges } from '../../../shared/net/digest.ts';
import { type Connector, createConnector, type HttpAnswer, type TlsSettings } from './connection.ts';
import { fillIn, idOf, PASSWORD } from './envelopes.ts';

export interface SessionSettings {
  port: number;
  /** Target of the POSTs: tells the baseline which conversation to hold. */
  path: string;
  tls?: TlsSettings;
  inform: string;
  answers: Record<string, string>;
  /** `preemptive`: with the nonce of an earlier session, as long as that is taken. `challenged`: the first POST goes without. */
  login?: 'preemptive' | 'challenged';
  /** Each device has an address of its own. */
  addresses?: boolean;
  /** Default: the right one. */
  password?: string;
}

export interface SessionResult {
  rpcs: number;
  values: number;
  sent: number;
  received: number;
  resumed: boolean;
  agreed: string;
  challenged: boolean;
}

/** The ACS answered 503. */
export class Rejected extends Error {}

const random = systemRandom();

/** Values that differ from one Inform of a device to the next. */
export interface Reported {
  retryCount?: number;
  parameterKey?: string | undefined;
}

export interface SessionClient {
  /** A whole session of one device. @throws TurnedAway, Error for anything else than a session that ended well */
  session(number: number, reported?: Reported): Promise<SessionResult>;
}

interface Nonce {
  challenge: Challenge;
  used: number;
}

export function createSessionClient(settings: SessionSettings): SessionClient {
  const connector: Connector = createConnector(settings.port, settings.tls);
  const nonces = new Map<number, Nonce>();
  const { path } = settings;
  const common = [`POST ${path} HTTP/1.1`, `Host: 127.0.0.1:${settings.port}`];

  const authorization = (number: number, nonce: Nonce): string =>
    `Authorization: ${answerChallenge({
      challenge: nonce.challenge,
      username: idOf(number),
      password: settings.password ?? PASSWORD,
      method: 'POST',
      uri: path,
      random,
      nc: ++nonce.used,
    })}`;

  const session = async (
    number: number,
    { retryCount = 0, parameterKey = '' }: Reported = {},
  ): Promise<SessionResult> => {
    const connection = await connector.open(settings.addresses ? addressOf(number) : undefined);
    try {
      let cookie: string | undefined;
      let nonce = settings.login === 'preemptive' ? nonces.get(number) : undefined;
      let challenged = false;
      let values = 0;
      const post = async (body: string): Promise<HttpAnswer> => {
        const headers = [
          ...common,
          ...(body ? ['Content-Type: text/xml; charset="utf-8"', 'SOAPAction: '] : []),
          ...(nonce ? [authorization(number, nonce)] : []),
          ...(cookie ? [`Cookie: ${cookie}`] : []),
        ];
        values += valuesIn(body);
        const answer = await connection.post(headers, body);
        cookie = /set-cookie: ([^;\r]+)/i.exec(answer.head)?.[1] ?? cookie;
        return answer;
      };
      const inform = fillIn(settings.inform, number)
        .replace('@KEY@', parameterKey)
        .replace('<RetryCount>0</RetryCount>', `<RetryCount>${retryCount}</RetryCount>`);
      let first = await post(inform);
      if (first.status === 401 && settings.login) {
        challenged = true;
        nonce = { challenge: challengeIn(first), used: 0 };
        if (settings.login === 'preemptive') nonces.set(number, nonce);
        first = await post(inform);
      }
      if (first.status === 503) throw new Rejected('503');
      if (first.status !== 200 || !first.body.includes('InformResponse'))
        throw new Error(`Inform: ${first.status} ${first.body.slice(0, 300)}`);
      const rpcs = await answerRequests(post, settings.answers);
      return {
        rpcs,
        values,
        ...connection.bytes(),
        challenged,
        resumed: connection.resumed,
        agreed: connection.agreed,
      };
    } finally {
      connection.close();
    }
  };
  return { session };
}

/** An address of the loopback network. */
const addressOf = (number: number): string =>
  `127.${1 + ((number >> 16) & 63)}.${(number >> 8) & 255}.${1 + (number % 254)}`;

const valuesIn = (body: string): number => body.split('</ParameterValueStruct>').length - 1;

async function answerRequests(
  post: (body: string) => Promise<HttpAnswer>,
  answers: Record<string, string>,
): Promise<number> {
  let rpcs = 0;
  let next = await post('');
  while (next.status === 200) {
    const method = /<cwmp:(\w+)[ >/]/.exec(next.body.slice(next.body.indexOf('Body>')))?.[1] ?? '';
    const id = /<cwmp:ID[^>]*>([^<]*)</.exec(next.body)?.[1] ?? '';
    const answer = answers[method];
    if (!answer) throw new Error(`no answer for ${method}`);
    rpcs++;
    next = await post(answer.replace('@ID@', id));
  }
  if (next.status !== 204) throw new Error(`ended with ${next.status}`);
  return rpcs;
}

function challengeIn(answer: HttpAnswer): Challenge {
  const lines = [...answer.head.matchAll(/^www-authenticate: (.*)$/gim)].map(found => found[1]?.trim() ?? '');
  const challenge = chooseDigest(parseChallenges(lines));
  if (!challenge) throw new Error(`no digest among ${lines.join(', ')}`);
  return challenge;
}
