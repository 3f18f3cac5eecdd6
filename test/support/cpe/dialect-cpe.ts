// A CPE that speaks a dialect over raw sockets: a small tree, every RPC, sessions as its kind holds them.
import { DialectAnswers, type OrderedTransfer } from './dialect-answers.ts';
import { DialectHttp } from './dialect-http.ts';
import { type Dialect, writer } from './dialects.ts';
import type { RawAnswer } from './raw-cpe.ts';

type Events = [code: string, key?: string][];

const reported = [
  'DeviceInfo.SoftwareVersion',
  'ManagementServer.ParameterKey',
  'ManagementServer.ConnectionRequestURL',
];

export class DialectCpe {
  readonly #dialect: Dialect;
  readonly #serial: string;
  readonly #write;
  readonly #http: DialectHttp;
  readonly #answers: DialectAnswers;

  constructor(url: string, dialect: Dialect, serial: string) {
    this.#dialect = dialect;
    this.#serial = serial;
    this.#write = writer(dialect);
    this.#http = new DialectHttp(url, dialect, serial);
    this.#answers = new DialectAnswers(dialect, this.#http);
  }

  get values(): DialectAnswers['values'] {
    return this.#answers.values;
  }

  /** Transfers that were ordered: to be carried out and reported. */
  get transfers(): OrderedTransfer[] {
    return this.#answers.transfers;
  }

  get restarts(): DialectAnswers['restarts'] {
    return this.#answers.restarts;
  }

  /** Every answer of the ACS, in order. */
  get answers(): RawAnswer[] {
    return this.#http.answers;
  }

  get credentials(): { username: string; password: string } {
    return this.#http.credentials;
  }

  set credentials(credentials) {
    this.#http.credentials = credentials;
  }

  /** One whole session. `own`: requests of the CPE, as (name, content). @returns methods that the ACS asked */
  async session(events: Events, own: [string, string][] = []): Promise<string[]> {
    const http = this.#http;
    http.begin();
    const first = await http.post(
      this.#write.envelope(informOf(this.#dialect, this.#serial, events, this.values), '7'),
      'request',
    );
    if (first?.body.kind !== 'response') throw new Error(`Inform answered by ${JSON.stringify(first?.body)}`);
    for (const [name, content] of own) {
      const answer = await http.post(this.#write.envelope(this.#write.message(name, content), '8'), 'request');
      if (answer?.body.kind !== 'response' && answer?.body.kind !== 'fault')
        throw new Error(`${name} was not answered`);
    }
    const asked: string[] = [];
    let next = await http.post('', 'empty');
    while (next) {
      if (next.body.kind !== 'request') throw new Error(`unexpected ${next.body.kind}`);
      const { method, args } = next.body;
      asked.push(method);
      const content = this.#answers.to(method, args as Record<string, unknown>);
      next = await http.post(this.#write.envelope(content, next.id), 'response');
    }
    http.end();
    return asked;
  }
}

function informOf(dialect: Dialect, serial: string, events: Events, values: DialectAnswers['values']): string {
  const { sparse, root } = dialect;
  const write = writer(dialect);
  const struct = events.map(
    ([code, key = '']) =>
      `<EventStruct><EventCode>${code}</EventCode>${sparse && !key ? '' : `<CommandKey>${key}</CommandKey>`}</EventStruct>`,
  );
  const list = reported.map(name => {
    const { value = '', type = '' } = values.get(root + name) ?? {};
    return write.value(root + name, value, type);
  });
  const device = `<DeviceId><Manufacturer>Maker</Manufacturer><OUI>00D0D0</OUI><ProductClass>Box</ProductClass><SerialNumber>${serial}</SerialNumber></DeviceId>`;
  const rest = sparse
    ? ''
    : '<MaxEnvelopes>1</MaxEnvelopes><CurrentTime>2026-02-03T04:05:06+01:00</CurrentTime><RetryCount>0</RetryCount>';
  return write.message(
    'Inform',
    device +
      write.list('Event', 'cwmp:EventStruct', struct) +
      rest +
      write.list('ParameterList', 'cwmp:ParameterValueStruct', list),
  );
}
