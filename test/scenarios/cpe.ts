// The CPE of a scenario: it says over a real socket what the scenario orders. Each message of either side becomes lines of the ladder.
import type { ParameterValue } from '../../shared/cwmp/methods.ts';
import { type Body, decodeEnvelope, type Envelope, encodeEnvelope } from '../../shared/cwmp/soap.ts';
import type { RawAnswer } from '../support/cpe/raw-cpe.ts';
import { ScenarioConnection } from './connection.ts';
import { linesOf } from './messages.ts';
import type { Names } from './names.ts';
import { CpeValues } from './values.ts';

export class ScenarioCpe {
  readonly name: string;
  serial = '0090F8000001';
  namespace: Envelope['namespace'] = '1-2';
  readonly values = new CpeValues();
  readonly http: ScenarioConnection;
  readonly #write: (line: string) => void;
  readonly #names: Names;
  /** The request of the ACS that waits for its answer. */
  #asked: Envelope | undefined;
  /** The next answer of the ACS does not arrive. */
  losesNext = false;

  constructor(name: string, parts: { url: () => string; write: (line: string) => void; names: Names }) {
    this.name = name;
    this.http = new ScenarioConnection(parts.url);
    this.#write = parts.write;
    this.#names = parts.names;
  }

  get id(): string {
    return `0090F8-4102S-${this.serial}`;
  }

  get asked(): Envelope | undefined {
    return this.#asked;
  }

  /** Begins a session on a connection of its own. */
  async begin(): Promise<void> {
    this.#names.once(`{${this.name}}`, this.id);
    this.#asked = undefined;
    await this.http.renew();
  }

  /** Posts a message; `100` is the ID of the CPE's own requests, an answer carries the one that was asked with. */
  async send(body: Body, label: string = linesOf(body).join(' ')): Promise<void> {
    const id = body.kind === 'request' ? '100' : this.#asked?.id;
    const { namespace } = this;
    await this.post(encodeEnvelope({ namespace, ...(id === undefined ? {} : { id }), body }), label);
  }

  /** Posts text, and once more with the login when it is challenged. */
  async post(text: string, label: string, headers: Record<string, string> = {}): Promise<void> {
    const first = await this.#exchange(text, label, headers);
    const authorization = first && this.http.authorization(first);
    if (authorization === undefined) return;
    const shown = `${label} (${authorization.split(' ')[0]} ${this.http.settings.login?.username})`;
    await this.#exchange(text, shown, { ...headers, authorization });
  }

  async #exchange(text: string, label: string, headers: Record<string, string>): Promise<RawAnswer | undefined> {
    this.#line('->', [label]);
    const answer = await this.http.post(text, headers);
    if (answer) this.#hear(answer, idIn(text));
    else this.#line('<-', ['the connection ends without an answer']);
    return answer;
  }

  #hear(answer: RawAnswer, sentId: string | undefined): void {
    const envelope = answer.text.includes('Envelope') ? decodeEnvelope(answer.text) : undefined;
    if (envelope) nameSecrets(envelope.body, this.#names);
    const [label = '', ...below] = shownAnswer(answer, envelope, sentId);
    if (this.losesNext) {
      this.losesNext = false;
      this.#line('<x', [`${label}, which is lost`, ...below]);
      this.http.close();
      return;
    }
    this.http.heed(answer);
    this.#asked = envelope?.body.kind === 'request' ? envelope : undefined;
    this.#line('<-', [label, ...below]);
  }

  #line(arrow: '->' | '<-' | '<x', [first = '', ...below]: string[]): void {
    this.#write(`${this.name} ${arrow} ${first}`.trimEnd());
    for (const line of below) this.#write(`       ${line}`);
  }
}

/** Names the passwords that the ACS gives out: they are random. */
function nameSecrets(body: Body, names: Names): void {
  if (body.kind !== 'request' || body.method !== 'SetParameterValues') return;
  for (const { Name, Value } of body.args.ParameterList as unknown as ParameterValue[])
    if (/Password$/.test(Name) && Value.length >= 12) names.name('password', Value);
}

const idIn = (text: string): string | undefined => /<\w+:ID[^>]*>([^<]*)</.exec(text)?.[1];

/** An answer of the ACS: status where it is no 200, challenges, message, namespace where it is no cwmp-1-2, an ID that is not echoed. */
function shownAnswer(
  { status, headers, text }: RawAnswer,
  envelope: Envelope | undefined,
  sentId: string | undefined,
): string[] {
  const [first = '', ...below] = envelope ? linesOf(envelope.body) : [text.split('\n')[0] ?? ''];
  const challenges = headers.get('www-authenticate')?.split('\n');
  const words = [
    status === 200 ? '' : String(status),
    challenges ? challenges.map(each => each.split(' ')[0]).join(', ') : first,
    envelope && envelope.namespace !== '1-2' ? `(cwmp-${envelope.namespace})` : '',
    envelope && envelope.body.kind !== 'request' && envelope.id !== sentId
      ? envelope.id === undefined
        ? '(without ID)'
        : `(ID ${envelope.id})`
      : '',
    headers.has('retry-after') ? 'Retry-After' : '',
  ];
  return [words.filter(word => word !== '').join(' '), ...below];
}
