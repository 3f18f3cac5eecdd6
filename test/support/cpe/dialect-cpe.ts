// A CPE that speaks a dialect over raw sockets: small tree, every RPC, sessions as its kind holds them.
import { seededRandom } from '../../../shared/clock.ts';
import type { MethodName, ParameterValue } from '../../../shared/cwmp/methods.ts';
import { decodeEnvelope, type Envelope } from '../../../shared/cwmp/soap.ts';
import { answerChallenge, chooseDigest, parseChallenges } from '../../../shared/net/digest.ts';
import { type Dialect, writer } from './dialects.ts';
import { type RawAnswer, RawConnection } from './raw-cpe.ts';

export interface DialectCpe {
  values: Map<string, { value: string; type: string }>;
  /** Transfers that were ordered: to be carried out and told. */
  transfers: { kind: 'Download' | 'Upload'; key: string; url: string }[];
  restarts: { method: string; key: string }[];
  /** Every answer of the ACS, in order. */
  answers: RawAnswer[];
  credentials: { username: string; password: string };
  /** One whole session. `own`: requests of the CPE, as (name, content). @returns methods that the ACS asked */
  session(events: [code: string, key?: string][], own?: [string, string][]): Promise<string[]>;
}

type Kind = Parameters<Dialect['headers']>[0];

const UNKNOWN_TIME = '0001-01-01T00:00:00Z';

export function dialectCpe(url: string, dialect: Dialect, serial: string): DialectCpe {
  const { root } = dialect;
  const write = writer(dialect);
  const random = seededRandom(serial.length + dialect.name.length);
  const boolean = (value: boolean): string => dialect.booleans[value ? 1 : 0];
  const cpe: DialectCpe = {
    values: new Map([
      [`${root}DeviceInfo.SoftwareVersion`, { value: '1.0 <beta> & more', type: 'xsd:string' }],
      [`${root}ManagementServer.ParameterKey`, { value: '', type: 'xsd:string' }],
      [`${root}ManagementServer.ConnectionRequestURL`, { value: 'http://127.0.0.1:9/x', type: 'xsd:string' }],
      [`${root}ManagementServer.PeriodicInformInterval`, { value: '3600', type: 'xsd:unsignedInt' }],
      [`${root}ManagementServer.PeriodicInformEnable`, { value: boolean(true), type: 'xsd:boolean' }],
    ]),
    transfers: [],
    restarts: [],
    answers: [],
    credentials: { username: 'enrol', password: 'factory' },
    session,
  };
  const { values } = cpe;

  let connection: RawConnection | undefined;
  let cookies = new Map<string, string>();
  let challenge: ReturnType<typeof chooseDigest>;

  const cookieLine = (): string[] => {
    if (dialect.cookies === 'none' || cookies.size === 0) return [];
    const pairs = [...cookies].map(([name, rest]) => {
      const value = rest.split(';')[0] ?? '';
      if (dialect.cookies === 'attributes') return `${name}=${rest}`;
      return dialect.cookies === 'quoted' ? `${name}="${value}"; $Path="/"` : `${name}=${value}`;
    });
    return [`Cookie: ${dialect.cookies === 'quoted' ? '$Version="1"; ' : ''}${pairs.join('; ')}`];
  };

  const headOf = (length: number, kind: Kind, login: boolean): string[] => {
    const { host, pathname: uri } = new URL(url);
    const proof = login && challenge && { challenge, ...cpe.credentials, method: 'POST', uri, random, nc: 1 };
    return [
      `POST ${uri} HTTP/1.1`,
      `Host: ${host}`,
      ...dialect.headers(kind),
      ...cookieLine(),
      ...(proof ? [`Authorization: ${answerChallenge(proof)}`] : []),
      ...(dialect.closes ? ['Connection: close'] : []),
      dialect.chunked && length > 0 ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`,
    ];
  };

  const send = async (over: RawConnection, head: string[], bytes: Buffer): Promise<RawAnswer> => {
    if (head.includes('Expect: 100-continue')) {
      over.write(`${head.join('\r\n')}\r\n\r\n`);
      await over.interim();
      over.write(bytes);
      return await over.answer();
    }
    if (!head.includes('Transfer-Encoding: chunked')) return await over.request(head, bytes);
    const pieces = [bytes.subarray(0, 100), bytes.subarray(100)].filter(piece => piece.length);
    const chunks = pieces.map(piece => `${piece.length.toString(16)}\r\n${piece}\r\n`);
    return await over.request(head, `${chunks.join('')}0\r\n\r\n`);
  };

  const once = async (body: string, kind: Kind, login: boolean): Promise<RawAnswer> => {
    if (!connection || connection.ended) connection = await RawConnection.open(url);
    const bytes = Buffer.from(body);
    const answer = await send(connection, headOf(bytes.length, kind, login), bytes);
    cpe.answers.push(answer);
    for (const cookie of answer.headers.get('set-cookie')?.split('\n') ?? []) {
      const equals = cookie.indexOf('=');
      cookies.set(cookie.slice(0, equals), cookie.slice(equals + 1));
    }
    if (dialect.closes) {
      connection.close();
      connection = undefined;
    }
    return answer;
  };

  const post = async (body: string, kind: Kind): Promise<Envelope | undefined> => {
    let answer: RawAnswer;
    if (dialect.login === 'empty-first' && !challenge) answer = await once('', 'empty', false);
    else answer = await once(body, kind, dialect.login === 'once' || dialect.login === 'empty-first');
    if (answer.status === 401) {
      challenge = chooseDigest(parseChallenges(answer.headers.get('www-authenticate')?.split('\n')));
      answer = await once(body, kind, true);
    }
    if (answer.status === 204) return undefined;
    if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
    return decodeEnvelope(answer.text);
  };

  const inform = (events: [string, string?][]): string => {
    const struct = events.map(
      ([code, key = '']) =>
        `<EventStruct><EventCode>${code}</EventCode>${dialect.sparse && !key ? '' : `<CommandKey>${key}</CommandKey>`}</EventStruct>`,
    );
    const told = [
      'DeviceInfo.SoftwareVersion',
      'ManagementServer.ParameterKey',
      'ManagementServer.ConnectionRequestURL',
    ];
    const list = told.map(name => {
      const { value = '', type = '' } = values.get(root + name) ?? {};
      return write.value(root + name, value, type);
    });
    const device = `<DeviceId><Manufacturer>Maker</Manufacturer><OUI>00D0D0</OUI><ProductClass>Box</ProductClass><SerialNumber>${serial}</SerialNumber></DeviceId>`;
    const rest = dialect.sparse
      ? ''
      : '<MaxEnvelopes>1</MaxEnvelopes><CurrentTime>2026-02-03T04:05:06+01:00</CurrentTime><RetryCount>0</RetryCount>';
    return write.message(
      'Inform',
      device +
        write.list('Event', 'cwmp:EventStruct', struct) +
        rest +
        write.list('ParameterList', 'cwmp:ParameterValueStruct', list),
    );
  };

  async function session(events: [string, string?][], own: [string, string][] = []): Promise<string[]> {
    cookies = new Map();
    const first = await post(write.envelope(inform(events), '7'), 'request');
    if (first?.body.kind !== 'response') throw new Error(`Inform answered by ${JSON.stringify(first?.body)}`);
    for (const [name, content] of own) {
      const answer = await post(write.envelope(write.message(name, content), '8'), 'request');
      if (answer?.body.kind !== 'response' && answer?.body.kind !== 'fault')
        throw new Error(`${name} was not answered`);
    }
    const asked: string[] = [];
    let next = await post('', 'empty');
    while (next) {
      if (next.body.kind !== 'request') throw new Error(`unexpected ${next.body.kind}`);
      const { method, args } = next.body;
      asked.push(method);
      const content = react(method, args as Record<string, unknown>);
      next = await post(write.envelope(content, next.id), 'response');
    }
    connection?.close();
    connection = undefined;
    return asked;
  }

  const below = (path: string): [string, { value: string; type: string }][] =>
    [...values].filter(([name]) => (path.endsWith('.') || path === '' ? name.startsWith(path) : name === path));

  const react = (method: MethodName, args: Record<string, unknown>): string => {
    const done = (content = ''): string => write.message(`${method}Response`, content);
    const key = String(args.CommandKey ?? '');
    switch (method) {
      case 'GetRPCMethods':
        return done(write.list('MethodList', 'xsd:string', ['<string>Inform</string>', '<string>Reboot</string>']));
      case 'GetParameterNames': {
        const infos = below(String(args.ParameterPath)).map(
          ([name]) =>
            `<ParameterInfoStruct><Name>${name}</Name><Writable>${boolean(true)}</Writable></ParameterInfoStruct>`,
        );
        return done(write.list('ParameterList', 'cwmp:ParameterInfoStruct', infos));
      }
      case 'GetParameterValues': {
        const found = (args.ParameterNames as string[]).flatMap(below);
        const list = found.map(([name, { value, type }]) => write.value(name, value, type));
        return done(write.list('ParameterList', 'cwmp:ParameterValueStruct', list));
      }
      case 'SetParameterValues':
        return set(args.ParameterList as ParameterValue[], String(args.ParameterKey), done);
      case 'GetParameterAttributes': {
        const list = (args.ParameterNames as string[]).map(
          name =>
            `<ParameterAttributeStruct><Name>${name}</Name><Notification>2</Notification>` +
            `${write.list('AccessList', 'xsd:string', ['<string>Subscriber</string>'])}</ParameterAttributeStruct>`,
        );
        return done(write.list('ParameterList', 'cwmp:ParameterAttributeStruct', list));
      }
      case 'AddObject':
        return done('<InstanceNumber>3</InstanceNumber><Status>0</Status>');
      case 'DeleteObject':
        return done('<Status>0</Status>');
      case 'Download':
      case 'Upload':
        cpe.transfers.push({ kind: method, key, url: String(args.URL) });
        return done(
          `<Status>1</Status><StartTime>${UNKNOWN_TIME}</StartTime><CompleteTime>${UNKNOWN_TIME}</CompleteTime>`,
        );
      case 'Reboot':
      case 'FactoryReset':
        cpe.restarts.push({ method, key });
        return done();
      default:
        return done();
    }
  };

  /** Strict as some are: the type must be the parameter's own. */
  const set = (list: ParameterValue[], key: string, done: (content: string) => string): string => {
    const wrong = list.filter(({ Name, Type }) => (values.get(Name)?.type ?? Type) !== Type);
    if (wrong.length) return fault(wrong);
    for (const { Name, Value, Type } of list) {
      values.set(Name, { value: Value, type: Type });
      if (Name.endsWith('ManagementServer.Username')) cpe.credentials = { ...cpe.credentials, username: Value };
      if (Name.endsWith('ManagementServer.Password')) cpe.credentials = { ...cpe.credentials, password: Value };
    }
    values.set(`${root}ManagementServer.ParameterKey`, { value: key, type: 'xsd:string' });
    return done('<Status>0</Status>');
  };

  const fault = (wrong: ParameterValue[]): string => {
    const [env = 'soap-env', , cwmp = 'cwmp'] = dialect.prefixes ?? [];
    const each = wrong.map(
      ({ Name }) =>
        `<SetParameterValuesFault><ParameterName>${Name}</ParameterName><FaultCode>9006</FaultCode><FaultString>type</FaultString></SetParameterValuesFault>`,
    );
    return (
      `<${env}:Fault><faultcode>Client</faultcode><faultstring>CWMP fault</faultstring><detail><${cwmp}:Fault>` +
      `<FaultCode>9003</FaultCode><FaultString>Invalid arguments</FaultString>${each.join('')}</${cwmp}:Fault></detail></${env}:Fault>`
    );
  };

  return cpe;
}
