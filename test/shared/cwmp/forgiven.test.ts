// Arguments that are empty, nil or unreadable where the receiver does not need them.
import assert from 'node:assert/strict';
import type { Results } from '../../../shared/cwmp/methods.ts';
import { decodeEnvelope } from '../../../shared/cwmp/soap.ts';

const read = (message: string) =>
  decodeEnvelope(
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' +
      ` xmlns:cwmp="urn:dslforum-org:cwmp-1-0"><s:Body>${message}</s:Body></s:Envelope>`,
  );
const argsOf = (message: string): Record<string, unknown> => {
  const { body } = read(message);
  assert.equal(body.kind, 'request', 'reason' in body ? body.reason : '');
  return (body as { args: Record<string, unknown> }).args;
};
const inform = (more: string): string =>
  '<cwmp:Inform><DeviceId><Manufacturer>M</Manufacturer><OUI>0090F8</OUI><ProductClass>P</ProductClass>' +
  `<SerialNumber>1</SerialNumber></DeviceId><Event/><ParameterList/>${more}</cwmp:Inform>`;
const complete = (fault: string): string =>
  `<cwmp:TransferComplete><CommandKey>KEY</CommandKey>${fault}<StartTime xsi:nil="true"/></cwmp:TransferComplete>`;

describe('arguments that are forgiven', () => {
  const faults: Record<string, string> = {
    absent: '',
    empty: '<FaultStruct/>',
    nil: '<FaultStruct xsi:nil="true"/>',
    'without a code': '<FaultStruct><FaultCode></FaultCode><FaultString></FaultString></FaultStruct>',
    'with a nil code': '<FaultStruct><FaultCode xsi:nil="1"/><FaultString xsi:nil="1"/></FaultStruct>',
  };
  for (const [form, xml] of Object.entries(faults))
    it(`C3: takes a FaultStruct that is ${form} for no fault`, () => {
      const { FaultStruct, StartTime } = argsOf(complete(xml));
      assert.deepEqual(FaultStruct, { FaultCode: 0, FaultString: '' });
      assert.equal(StartTime, '0001-01-01T00:00:00Z');
    });

  for (const text of ['-1', 'x', '', '99999999999'])
    it(`C3: takes a RetryCount of "${text}" for none`, () =>
      assert.equal(argsOf(inform(`<RetryCount>${text}</RetryCount>`)).RetryCount, 0));

  it('C3: takes nil counts for their defaults, and notes what it cannot read', () => {
    const { RetryCount, MaxEnvelopes } = argsOf(inform('<MaxEnvelopes xsi:nil="true"/><RetryCount xsi:nil="true"/>'));
    assert.deepEqual([RetryCount, MaxEnvelopes], [0, 1]);
    assert.deepEqual(read(inform('<RetryCount>-1</RetryCount>')).forgiven, ['RetryCount is not an unsignedInt: "-1"']);
    assert.equal(read(inform('<RetryCount>1</RetryCount>')).forgiven, undefined);
  });

  it('C3: takes an empty or nil time that may be absent for none', () => {
    for (const date of ['', '<ExpirationDate/>', '<ExpirationDate xsi:nil="true">x</ExpirationDate>']) {
      const option = `<OptionStruct><OptionName/><VoucherSN>1</VoucherSN><State>1</State><Mode>2</Mode>${date}<IsTransferable>0</IsTransferable></OptionStruct>`;
      const { body } = read(`<cwmp:GetOptionsResponse><OptionList>${option}</OptionList></cwmp:GetOptionsResponse>`);
      assert.ok(body.kind === 'response', 'reason' in body ? body.reason : '');
      const { OptionList } = body.result as Results<'GetOptions'>;
      assert.equal(OptionList[0]?.ExpirationDate, undefined, date);
    }
  });

  it('C3: does not forgive what decides: the Status of an answer', () => {
    const { body } = read('<cwmp:SetParameterValuesResponse><Status>2</Status></cwmp:SetParameterValuesResponse>');
    assert.equal(body.kind, 'invalid');
  });
});
