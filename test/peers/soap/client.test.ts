// The client of the soap package calls every operation by the description alone.
import assert from 'node:assert/strict';
import { type Client, createClientAsync, WSSecurity } from 'soap';
import { operations } from '../../../acs/north/operations.ts';
import { TOKEN } from '../../support/acs/api.ts';
import { mayFail, type ServedApi, servedApi } from '../../support/soap/served.ts';

type Described = string | { [name: string]: Described };

const plain: Record<string, unknown> = {
  string: 'x',
  long: 1,
  double: 1.5,
  boolean: false,
  dateTime: '2036-01-01T00:00:00Z',
};

/** Values by what the client tells of a type: `xs:string`, `t:State|xs:string|a,b`, or an object of them. */
function valueFor(described: Described, name: string, hints: Record<string, unknown>, depth = 0): unknown {
  if (typeof described === 'string') {
    const [type = '', , choices] = described.split('|');
    if (choices) return choices.split(',')[0];
    if (type.endsWith('base64Binary')) return 'AP8=';
    return hints[name] ?? plain[type.split(':')[1] ?? ''] ?? 'x';
  }
  const fields = Object.entries(described).filter(([field]) => !/^targetN|^(clear|csv)$/.test(field));
  // A type may contain itself: deep values are left out.
  const shown = isChoice(fields) ? fields.slice(0, 1) : depth > 4 ? [] : fields;
  return Object.fromEntries(
    shown.map(([field, inner]) => {
      const plainName = field.replace('[]', '');
      const value = valueFor(inner, plainName, hints, depth + 1);
      return [plainName, field.endsWith('[]') ? [value] : value];
    }),
  );
}

const isChoice = (fields: readonly [string, Described][]): boolean =>
  fields.length > 1 && fields.every(([name]) => /^(text|integer|number|boolean|list|map|fields|nothing)$/.test(name));

interface Outcome {
  name: string;
  status: number;
  text: string;
}

describe('SOAP by the soap client', () => {
  let served: ServedApi;
  let client: Client;
  let outcomes: Outcome[];

  async function call(name: string, request: unknown): Promise<Outcome> {
    const method = (client as unknown as Record<string, (args: unknown) => Promise<unknown[]>>)[`${name}Async`];
    assert.ok(method, `the client knows ${name}`);
    try {
      await method(request);
      return { name, status: 200, text: '' };
    } catch (error) {
      const { root } = error as {
        root?: { Envelope: { Body: { Fault: { detail: { problem: { status: number } } } } } };
      };
      return { name, status: Number(root?.Envelope.Body.Fault.detail.problem.status ?? 0), text: String(error) };
    }
  }

  before(async function () {
    this.timeout(300_000);
    served = await servedApi();
    client = await createClientAsync(`${served.url}?wsdl`);
    client.setSecurity(new WSSecurity('oss', TOKEN, { passwordType: 'PasswordText' }));
    const described = (client.describe() as { Tandem: { Northbound: Record<string, { input: Described }> } }).Tandem
      .Northbound;
    const { own, ...hints } = served.hints as { own: Record<string, object> } & Record<string, unknown>;
    const all = async (): Promise<Outcome[]> => {
      const made: Outcome[] = [];
      // Deletions come last.
      const names = operations
        .map(({ name }) => name)
        .sort((a, b) => Number(/^delete/.test(a)) - Number(/^delete/.test(b)));
      for (const name of names) {
        const request = valueFor(described[name]?.input ?? {}, name, hints);
        made.push(await call(name, { ...(request as object), ...own[name] }));
      }
      return made;
    };
    outcomes = await served.whileTimePasses(all());
  });
  after(async () => await served.close());

  it('calls every operation, and gets answers and faults that it can read', () => {
    const wrong = outcomes.filter(({ status, name }) => status < 200 || (status >= 500 && !mayFail.has(name)));
    assert.deepEqual(wrong, []);
    assert.equal(outcomes.length, operations.length);
  });

  it('succeeds with every list', async () => {
    const lists = operations.filter(({ path, method }) => method === 'GET' && /^\/[a-z]+$/.test(path));
    for (const { name } of lists.filter(each => !mayFail.has(each.name)))
      assert.deepEqual(await call(name, {}), { name, status: 200, text: '' });
  });

  it('reads the fields of an answer', async () => {
    const [result] = (await client.listDevicesAsync({ limit: 10 })) as [{ result: { items: unknown } }];
    assert.ok(result.result);
  });
});
