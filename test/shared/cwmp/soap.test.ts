// shared/cwmp codec and soap: every message both ways, headers, faults, and what a hostile or sloppy peer may send.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CwmpFault, type CwmpFault as Fault } from '../../../shared/cwmp/faults.ts';
import { type MethodName, methodNames, methods } from '../../../shared/cwmp/methods.ts';
import {
  type Body,
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  faultBody,
  InvalidSoap,
  requestBody,
  responseBody,
} from '../../../shared/cwmp/soap.ts';
import { type Namespace, namespaces } from '../../../shared/cwmp/versions.ts';
import { anyOf, xmlText } from '../../support/envelopes.ts';

const namespace = fc.constantFrom<Namespace>(...namespaces);

function bodyOf(method: MethodName): fc.Arbitrary<Body> {
  const { request, response } = methods[method];
  return fc.oneof(
    anyOf(request).map(args => ({ kind: 'request', method, args }) as unknown as Body),
    anyOf(response).map(result => ({ kind: 'response', method, result }) as unknown as Body),
  );
}

const anyBody = fc.constantFrom(...methodNames).chain(bodyOf);

/** Around a Body of your own, in the plainest form. */
function wrap(body: string, header = ''): string {
  return (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:c="urn:dslforum-org:cwmp-1-0" ' +
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">' +
    `${header && `<s:Header>${header}</s:Header>`}<s:Body>${body}</s:Body></s:Envelope>`
  );
}

const bodyIn = (xml: string): Body => decodeEnvelope(xml).body;

describe('CWMP envelopes', () => {
  for (const method of methodNames) {
    it(`decodes an encoded ${method} to the same (TR-069 ${methods[method].clause})`, () => {
      fc.assert(
        fc.property(bodyOf(method), namespace, (body, spoken) => {
          const envelope: Envelope = { namespace: spoken, id: '1', body };
          assert.deepEqual(decodeEnvelope(encodeEnvelope(envelope)), envelope);
        }),
        { numRuns: 50 },
      );
    });
  }

  it('encodes and decodes the headers (TR-069 3.5 Table 4)', () => {
    const headers = fc.record(
      {
        id: xmlText,
        holdRequests: fc.boolean(),
        sessionTimeout: fc.integer({ min: 0, max: 999_999_999 }),
        supportedVersions: fc.array(fc.constantFrom('1.0', '1.1', '1.2', '1.3', '1.4'), { minLength: 1 }),
        useVersion: fc.constantFrom('1.0', '1.4'),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(headers, fc.constantFrom<Namespace>('1-2', '1-3', '1-4'), (fields, spoken) => {
        const envelope: Envelope = { ...fields, namespace: spoken, body: requestBody('GetRPCMethods', {}) };
        assert.deepEqual(decodeEnvelope(encodeEnvelope(envelope)), envelope);
      }),
    );
  });

  it('writes only headers that the namespace has', () => {
    const envelope: Envelope = {
      namespace: '1-1',
      sessionTimeout: 30,
      supportedVersions: ['1.0'],
      useVersion: '1.0',
      body: { kind: 'empty' },
    };
    assert.deepEqual(decodeEnvelope(encodeEnvelope(envelope)), { namespace: '1-1', body: { kind: 'empty' } });
  });

  it('writes the form that every client takes: no declaration, fixed prefixes, digits, arrayType', () => {
    const xml = encodeEnvelope({
      namespace: '1-2',
      id: '7',
      body: responseBody('GetParameterNames', { ParameterList: [{ Name: 'Device.', Writable: false }] }),
    });
    assert.match(xml, /^<soap-env:Envelope xmlns:soap-env="/);
    assert.match(xml, /<cwmp:ID soap-env:mustUnderstand="1">7<\/cwmp:ID>/);
    assert.match(xml, /<ParameterList soap-enc:arrayType="cwmp:ParameterInfoStruct\[1\]"><ParameterInfoStruct>/);
    assert.match(xml, /<Writable>0<\/Writable>/);
    const empty = responseBody('GetParameterValues', { ParameterList: [] });
    assert.match(encodeEnvelope({ namespace: '1-0', body: empty }), /arrayType="cwmp:ParameterValueStruct\[0\]"/);
  });

  it('encodes faults with one entry for each wrong parameter (TR-069 3.5, A.3.2.1)', () => {
    const parameters = [{ name: 'Device.A', code: 9007, message: 'too <big>' }];
    const body = faultBody(new CwmpFault(9003, 'Invalid arguments', parameters));
    const xml = encodeEnvelope({ namespace: '1-0', id: 'x', body });
    assert.match(xml, /<faultcode>Client<\/faultcode><faultstring>CWMP fault<\/faultstring>/);
    assert.deepEqual(decodeEnvelope(xml), { namespace: '1-0', id: 'x', body });
  });

  it('answers an unknown mandatory header with a fault of SOAP itself (SOAP 1.1 4.2.3)', () => {
    const body: Body = { kind: 'fault', fault: { code: 0, message: 'X', parameters: [], soap: 'MustUnderstand' } };
    assert.deepEqual(bodyIn(encodeEnvelope({ namespace: '1-0', body })), body);
    const header = (more: string): string => wrap('<c:GetRPCMethods/>', `<v:Odd xmlns:v="urn:v" ${more}>1</v:Odd>`);
    assert.equal(decodeEnvelope(header('s:mustUnderstand="1"')).unknownMustUnderstand, 'Odd');
    assert.equal(decodeEnvelope(header('s:mustUnderstand="0"')).unknownMustUnderstand, undefined);
    assert.equal(decodeEnvelope(header('')).unknownMustUnderstand, undefined);
    assert.equal(decodeEnvelope(header('s:mustUnderstand="1" s:actor="urn:else"')).unknownMustUnderstand, undefined);
  });

  it('keeps fault codes that the namespace allows, and replaces others by the general one', () => {
    const sent = (spoken: Namespace, fault: Pick<Fault, 'code' | 'message'>): number => {
      const { body } = decodeEnvelope(encodeEnvelope({ namespace: spoken, body: faultBody(fault) }));
      return body.kind === 'fault' ? body.fault.code : -1;
    };
    assert.equal(sent('1-2', { code: 9032, message: '' }), 9032);
    assert.equal(sent('1-0', { code: 9018, message: '' }), 9010);
    assert.equal(sent('1-0', { code: 8006, message: '' }), 8002);
    assert.equal(sent('1-4', { code: 123, message: '' }), 9002);
  });

  it("fills in the protocol's default for fields that devices leave out", () => {
    const inform = bodyIn(
      wrap('<c:Inform><DeviceId><OUI>0090F8</OUI><SerialNumber>1</SerialNumber></DeviceId></c:Inform>'),
    );
    assert.deepEqual(inform, {
      kind: 'request',
      method: 'Inform',
      args: {
        DeviceId: { Manufacturer: '', OUI: '0090F8', ProductClass: '', SerialNumber: '1' },
        Event: [],
        MaxEnvelopes: 1,
        CurrentTime: '0001-01-01T00:00:00Z',
        RetryCount: 0,
        ParameterList: [],
      },
    });
    const download = bodyIn(wrap('<c:DownloadResponse/>'));
    assert.deepEqual(download.kind === 'response' && download.result, {
      Status: 1,
      StartTime: '0001-01-01T00:00:00Z',
      CompleteTime: '0001-01-01T00:00:00Z',
    });
  });

  it('gives each message its own default objects', () => {
    const read = (): Body => bodyIn(wrap('<c:TransferComplete/>'));
    const first = read();
    assert.ok(first.kind === 'request' && first.method === 'TransferComplete');
    first.args.FaultStruct.FaultCode = 9010;
    const second = read();
    assert.ok(second.kind === 'request' && second.method === 'TransferComplete');
    assert.deepEqual(second.args.FaultStruct, { FaultCode: 0, FaultString: '' });
  });

  it('reports a missing or mistyped argument with 9003 for a CPE and 8003 for an ACS', () => {
    const invalid = (body: string): unknown[] => {
      const read = bodyIn(wrap(body));
      return read.kind === 'invalid' ? [read.of, read.method, read.fault, read.reason] : [read.kind];
    };
    assert.deepEqual(
      invalid(
        '<c:SetParameterValues><ParameterList><ParameterValueStruct><Value>1</Value></ParameterValueStruct></ParameterList></c:SetParameterValues>',
      ),
      ['request', 'SetParameterValues', 9003, 'ParameterList[0].Name is missing'],
    );
    assert.deepEqual(invalid('<c:Inform/>'), ['request', 'Inform', 8003, 'DeviceId is missing']);
    assert.deepEqual(invalid('<c:Inform><DeviceId><OUI>0</OUI></DeviceId></c:Inform>'), [
      'request',
      'Inform',
      8003,
      'DeviceId.SerialNumber is missing',
    ]);
    assert.deepEqual(invalid('<c:ScheduleInform><DelaySeconds>soon</DelaySeconds></c:ScheduleInform>'), [
      'request',
      'ScheduleInform',
      9003,
      'DelaySeconds is not an unsignedInt: "soon"',
    ]);
    assert.deepEqual(invalid('<c:ScheduleInform><DelaySeconds>4294967296</DelaySeconds></c:ScheduleInform>')[2], 9003);
    assert.deepEqual(
      invalid('<c:GetParameterNames><NextLevel>maybe</NextLevel></c:GetParameterNames>')[3],
      'NextLevel is not a boolean: "maybe"',
    );
    assert.deepEqual(
      invalid('<c:GetParameterValues><ParameterNames/></c:GetParameterValues>')[3],
      'ParameterNames is empty',
    );
    assert.deepEqual(invalid('<c:AddObjectResponse><Status>0</Status></c:AddObjectResponse>'), [
      'response',
      'AddObject',
      8003,
      'InstanceNumber is missing',
    ]);
    assert.deepEqual(
      invalid('<c:AddObjectResponse><InstanceNumber>0</InstanceNumber></c:AddObjectResponse>')[3],
      'InstanceNumber is less than 1',
    );
    assert.deepEqual(
      invalid('<c:ChangeDUState><Operations xsi:type="c:__proto__"/></c:ChangeDUState>')[3],
      'Operations[0] has no xsi:type of InstallOpStruct, UpdateOpStruct, UninstallOpStruct',
    );
    assert.deepEqual(
      invalid('<c:ChangeDUState><Operations xsi:type="c:UninstallOpStruct"/></c:ChangeDUState>')[3],
      'Operations[0].UUID is missing',
    );
  });

  it('reports a method that Annex A does not have', () => {
    assert.deepEqual(bodyIn(wrap('<c:X_0090F8_Dance/>')), { kind: 'unknown', name: 'X_0090F8_Dance' });
    assert.deepEqual(bodyIn(wrap('<c:DanceResponse/>')), { kind: 'unknown', name: 'DanceResponse' });
    assert.deepEqual(bodyIn(wrap('<c:toString/>')), { kind: 'unknown', name: 'toString' });
    assert.deepEqual(bodyIn(wrap('<q:Reboot xmlns:q="urn:other"/>')), { kind: 'unknown', name: 'Reboot' });
  });

  it('refuses text that is not one SOAP 1.1 message', () => {
    const open = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">';
    for (const [xml, message] of [
      ['', /XML/],
      ['Unauthorized', /XML/],
      ['<html><body/></html>', /root element is html/],
      ['<Envelope/>', /not SOAP 1\.1/],
      ['<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>', /not SOAP 1\.1/],
      [`${open}</s:Envelope>`, /no Body/],
      [`${open}<s:Body/><s:Body/></s:Envelope>`, /more than one Body/],
      [`${open}<s:Header/><s:Header/><s:Body/></s:Envelope>`, /more than one Header/],
      [`${open}<s:Body><a/><b/></s:Body></s:Envelope>`, /2 messages/],
      [`<!DOCTYPE x>${open}<s:Body/></s:Envelope>`, /document type/],
    ] as const) {
      assert.throws(
        () => decodeEnvelope(xml),
        (error: unknown) => error instanceof InvalidSoap && message.test(error.message),
      );
    }
  });

  it('throws nothing but InvalidSoap on mutilated envelopes', () => {
    const cut = fc.record({
      at: fc.nat(),
      remove: fc.nat({ max: 40 }),
      insert: fc.oneof(xmlText, fc.constantFrom('<', '</', '>', '<ParameterList>', '<a xmlns="">', '&', '-1', '[')),
    });
    fc.assert(
      fc.property(anyBody, fc.array(cut, { minLength: 1, maxLength: 4 }), (body, cuts) => {
        let xml = encodeEnvelope({ namespace: '1-2', id: '1', body });
        for (const { at, remove, insert } of cuts) {
          const from = at % xml.length;
          xml = xml.slice(0, from) + insert + xml.slice(from + remove);
        }
        try {
          decodeEnvelope(xml);
        } catch (error) {
          assert.ok(error instanceof InvalidSoap, String(error));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('keeps names in a message away from object prototypes', () => {
    const read = bodyIn(
      wrap('<c:Reboot><__proto__><polluted>1</polluted></__proto__><CommandKey>__proto__</CommandKey></c:Reboot>'),
    );
    assert.deepEqual(read, { kind: 'request', method: 'Reboot', args: { CommandKey: '__proto__' } });
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });

  it('reads the largest message that each party must accept: 32,768 bytes (TR-069 3.5)', () => {
    const ParameterList = Array.from({ length: 8000 }, (_, at) => ({
      Name: `Device.P.${at}`,
      Value: 'v',
      Type: 'xsd:string',
    }));
    const body = responseBody('GetParameterValues', { ParameterList });
    assert.deepEqual(bodyIn(encodeEnvelope({ namespace: '1-0', body })), body);
  });
});
