// The small tree of a CPE that speaks a dialect, and its answers to every RPC.
import type { MethodName, ParameterValue } from '../../../shared/cwmp/methods.ts';
import type { DialectHttp } from './dialect-http.ts';
import { type Dialect, writer } from './dialects.ts';

const METHODS = ['<string>Inform</string>', '<string>Reboot</string>'];
const UNKNOWN_TIME = '0001-01-01T00:00:00Z';
/** The transfer comes after the session. */
const LATER = `<Status>1</Status><StartTime>${UNKNOWN_TIME}</StartTime><CompleteTime>${UNKNOWN_TIME}</CompleteTime>`;

interface Known {
  value: string;
  type: string;
}

export interface OrderedTransfer {
  kind: 'Download' | 'Upload';
  key: string;
  url: string;
}

type Args = Record<string, unknown>;

export class DialectAnswers {
  readonly values: Map<string, Known>;
  readonly transfers: OrderedTransfer[] = [];
  readonly restarts: { method: string; key: string }[] = [];
  readonly #dialect: Dialect;
  readonly #write;
  readonly #http: DialectHttp;

  constructor(dialect: Dialect, http: DialectHttp) {
    this.#dialect = dialect;
    this.#write = writer(dialect);
    this.#http = http;
    this.values = initialValues(dialect);
  }

  /** The content of the answer's Body. */
  to(method: MethodName, args: Args): string {
    const done = (content = ''): string => this.#write.message(`${method}Response`, content);
    const key = String(args.CommandKey ?? '');
    switch (method) {
      case 'GetRPCMethods':
        return done(this.#write.list('MethodList', 'xsd:string', METHODS));
      case 'GetParameterNames':
        return done(this.#names(String(args.ParameterPath)));
      case 'GetParameterValues':
        return done(this.#readings(args.ParameterNames as string[]));
      case 'SetParameterValues':
        return this.#set(args.ParameterList as ParameterValue[], String(args.ParameterKey), done);
      case 'GetParameterAttributes':
        return done(attributesOf(this.#write, args.ParameterNames as string[]));
      case 'AddObject':
        return done('<InstanceNumber>3</InstanceNumber><Status>0</Status>');
      case 'DeleteObject':
        return done('<Status>0</Status>');
      case 'Download':
      case 'Upload':
        this.transfers.push({ kind: method, key, url: String(args.URL) });
        return done(LATER);
      case 'Reboot':
      case 'FactoryReset':
        this.restarts.push({ method, key });
        return done();
      default:
        return done();
    }
  }

  #below(path: string): [string, Known][] {
    const isPartial = path.endsWith('.') || path === '';
    return [...this.values].filter(([name]) => (isPartial ? name.startsWith(path) : name === path));
  }

  #names(path: string): string {
    const infos = this.#below(path).map(
      ([name]) =>
        `<ParameterInfoStruct><Name>${name}</Name><Writable>${this.#dialect.booleans[1]}</Writable></ParameterInfoStruct>`,
    );
    return this.#write.list('ParameterList', 'cwmp:ParameterInfoStruct', infos);
  }

  #readings(names: readonly string[]): string {
    const found = names.flatMap(name => this.#below(name));
    const list = found.map(([name, { value, type }]) => this.#write.value(name, value, type));
    return this.#write.list('ParameterList', 'cwmp:ParameterValueStruct', list);
  }

  /** Strict as some CPEs are: the type must be the parameter's own. */
  #set(list: ParameterValue[], key: string, done: (content: string) => string): string {
    const wrong = list.filter(({ Name, Type }) => (this.values.get(Name)?.type ?? Type) !== Type);
    if (wrong.length) return faultOf(this.#dialect, wrong);
    const http = this.#http;
    for (const { Name, Value, Type } of list) {
      this.values.set(Name, { value: Value, type: Type });
      if (Name.endsWith('ManagementServer.Username')) http.credentials = { ...http.credentials, username: Value };
      if (Name.endsWith('ManagementServer.Password')) http.credentials = { ...http.credentials, password: Value };
    }
    this.values.set(`${this.#dialect.root}ManagementServer.ParameterKey`, { value: key, type: 'xsd:string' });
    return done('<Status>0</Status>');
  }
}

/** The tree of a new CPE. */
const initialValues = ({ root, booleans }: Dialect): Map<string, Known> =>
  new Map([
    [`${root}DeviceInfo.SoftwareVersion`, { value: '1.0 <beta> & more', type: 'xsd:string' }],
    [`${root}ManagementServer.ParameterKey`, { value: '', type: 'xsd:string' }],
    [`${root}ManagementServer.ConnectionRequestURL`, { value: 'http://127.0.0.1:9/x', type: 'xsd:string' }],
    [`${root}ManagementServer.PeriodicInformInterval`, { value: '3600', type: 'xsd:unsignedInt' }],
    [`${root}ManagementServer.PeriodicInformEnable`, { value: booleans[1], type: 'xsd:boolean' }],
  ]);

function attributesOf(write: ReturnType<typeof writer>, names: readonly string[]): string {
  const list = names.map(
    name =>
      `<ParameterAttributeStruct><Name>${name}</Name><Notification>2</Notification>` +
      `${write.list('AccessList', 'xsd:string', ['<string>Subscriber</string>'])}</ParameterAttributeStruct>`,
  );
  return write.list('ParameterList', 'cwmp:ParameterAttributeStruct', list);
}

function faultOf({ prefixes }: Dialect, wrong: readonly ParameterValue[]): string {
  const [env = 'soap-env', , cwmp = 'cwmp'] = prefixes ?? [];
  const each = wrong.map(
    ({ Name }) =>
      `<SetParameterValuesFault><ParameterName>${Name}</ParameterName><FaultCode>9006</FaultCode><FaultString>type</FaultString></SetParameterValuesFault>`,
  );
  return (
    `<${env}:Fault><faultcode>Client</faultcode><faultstring>CWMP fault</faultstring><detail><${cwmp}:Fault>` +
    `<FaultCode>9003</FaultCode><FaultString>Invalid arguments</FaultString>${each.join('')}</${cwmp}:Fault></detail></${env}:Fault>`
  );
}
