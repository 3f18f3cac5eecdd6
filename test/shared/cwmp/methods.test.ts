// The method table, arguments from JSON, fault codes and versions.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { codeFor, faultSide, faults, faultText } from '../../../shared/cwmp/faults.ts';
import {
  isCpeMethod,
  type MethodName,
  methodNames,
  methodSpec,
  methods,
  validateArguments,
} from '../../../shared/cwmp/methods.ts';
import { decodeEnvelope, encodeEnvelope, requestBody } from '../../../shared/cwmp/soap.ts';
import {
  chooseVersion,
  inferVersion,
  namespaceFor,
  namespaceOf,
  namespaceUri,
  speaks,
} from '../../../shared/cwmp/versions.ts';
import { UserError } from '../../../shared/errors.ts';
import { anyOf, sampleOf } from '../../support/envelopes.ts';

/** The ACS receives it. */
const isAcsMethod = (name: string): boolean => ['acs', 'both'].includes(methodSpec(name)?.to ?? '');

function refused(method: MethodName, input: unknown, argument: string): void {
  assert.throws(
    () => validateArguments(method, input),
    (error: unknown) =>
      error instanceof UserError &&
      error.status === 400 &&
      error.code === 'invalid-argument' &&
      error.detail.argument === argument &&
      error.message.startsWith(argument),
  );
}

describe('the method table (TR-069 Annex A)', () => {
  it('lists the receiver of each method', () => {
    assert.ok(isCpeMethod('Reboot') && !isAcsMethod('Reboot'));
    assert.ok(isAcsMethod('Inform') && !isCpeMethod('Inform'));
    assert.ok(isCpeMethod('GetRPCMethods') && isAcsMethod('GetRPCMethods'));
    assert.ok(!isCpeMethod('constructor') && !isAcsMethod('__proto__'));
    assert.equal(methodNames.filter(isCpeMethod).length, 20);
    assert.equal(methodNames.filter(isAcsMethod).length, 8);
  });
});

describe('validateArguments', () => {
  it("fills in the protocol's defaults", () => {
    assert.deepEqual(validateArguments('Reboot', undefined), { CommandKey: '' });
    assert.deepEqual(validateArguments('Download', { FileType: '1 Firmware Upgrade Image', URL: 'http://a/b' }), {
      CommandKey: '',
      FileType: '1 Firmware Upgrade Image',
      URL: 'http://a/b',
      Username: '',
      Password: '',
      FileSize: 0,
      TargetFileName: '',
      DelaySeconds: 0,
      SuccessURL: '',
      FailureURL: '',
    });
  });

  it('accepts values as an object or a list, with or without types', () => {
    assert.deepEqual(
      validateArguments('SetParameterValues', { ParameterList: { 'Device.A': 'x', 'Device.B': true, 'Device.C': 5 } }),
      {
        ParameterList: [
          { Name: 'Device.A', Value: 'x', Type: '' },
          { Name: 'Device.B', Value: '1', Type: 'xsd:boolean' },
          { Name: 'Device.C', Value: '5', Type: '' },
        ],
        ParameterKey: '',
      },
    );
    assert.deepEqual(
      validateArguments('SetParameterValues', {
        ParameterList: [
          { Name: 'Device.A', Value: '1', Type: 'unsignedInt' },
          { Name: 'Device.B', Value: '1', Type: 'xs:int' },
        ],
        ParameterKey: 'k',
      }).ParameterList.map(({ Type }) => Type),
      ['xsd:unsignedInt', 'xsd:int'],
    );
    assert.deepEqual(validateArguments('GetParameterValues', { ParameterNames: 'Device.' }), {
      ParameterNames: ['Device.'],
    });
  });

  it('sets the change flags of attributes from the given fields (TR-069 A.3.2.4)', () => {
    assert.deepEqual(
      validateArguments('SetParameterAttributes', { ParameterList: [{ Name: 'Device.A', Notification: 2 }] }),
      {
        ParameterList: [
          { Name: 'Device.A', NotificationChange: true, Notification: 2, AccessListChange: false, AccessList: [] },
        ],
      },
    );
  });

  it('names the wrong argument in its error', () => {
    refused('Reboot', [], 'arguments');
    refused('Reboot', { CommandKey: 5 }, 'CommandKey');
    refused('Reboot', { CommandKey: 'x'.repeat(33) }, 'CommandKey');
    refused('Reboot', { Force: true }, 'Force');
    refused('Reboot', JSON.parse('{"__proto__": {"CommandKey": "x"}}'), '__proto__');
    refused('SetParameterValues', {}, 'ParameterList');
    refused('SetParameterValues', { ParameterList: 5 }, 'ParameterList');
    refused('SetParameterValues', { ParameterList: { 'Device.A': null } }, 'ParameterList.Device.A.Value');
    refused('SetParameterValues', { ParameterList: [{ Name: 'Device.A' }] }, 'ParameterList[0].Value');
    refused(
      'SetParameterValues',
      { ParameterList: [{ Name: 'A', Value: '', Type: 'xsd:odd' }] },
      'ParameterList[0].Type',
    );
    refused('SetParameterValues', { ParameterList: [{ Name: 'A', Value: '', Tpye: '' }] }, 'ParameterList[0].Tpye');
    refused('GetParameterValues', { ParameterNames: [] }, 'ParameterNames');
    refused('GetParameterValues', { ParameterNames: ['a', 5] }, 'ParameterNames[1]');
    refused('GetParameterNames', { NextLevel: 1 }, 'NextLevel');
    refused('AddObject', { ObjectName: 'Device.NoDot' }, 'ObjectName');
    refused('ScheduleInform', { DelaySeconds: -1 }, 'DelaySeconds');
    refused('ScheduleInform', { DelaySeconds: 1.5 }, 'DelaySeconds');
    refused('SetVouchers', { VoucherList: ['not base64!'] }, 'VoucherList[0]');
    refused('ChangeDUState', { Operations: [{ Type: 'Install' }] }, 'Operations[0].Type');
    refused('ChangeDUState', { Operations: [{ Type: 'UninstallOpStruct', UUID: 'x' }] }, 'Operations[0].UUID');
    refused('TransferComplete', { StartTime: 'yesterday' }, 'StartTime');
  });

  it('accepts every sample of every method in a form that can be sent and read', () => {
    for (const method of methodNames) {
      const sample = sampleOf(methods[method].request, 'full', method);
      const list = sample.ParameterList;
      // The codec repairs a value of an odd type; an operator gets an error.
      if (Array.isArray(list)) for (const item of list) if (item.Type === 'xsd:no-such-type') item.Type = '';
      const fault = sample.FaultStruct as { FaultString: string } | undefined;
      if (fault) fault.FaultString = '';
      const args = validateArguments(method, JSON.parse(JSON.stringify(sample)));
      const read = decodeEnvelope(encodeEnvelope({ namespace: '1-2', body: requestBody(method, args) })).body;
      assert.equal(read.kind, 'request');
    }
  });

  it('throws nothing but UserError on any input', () => {
    fc.assert(
      fc.property(fc.constantFrom(...methodNames), fc.jsonValue(), (method, input) => {
        try {
          validateArguments(method, input);
        } catch (error) {
          assert.ok(error instanceof UserError, String(error));
        }
      }),
    );
    const near = fc
      .constantFrom(...methodNames)
      .chain(method => fc.tuple(fc.constant(method), anyOf(methods[method].request)));
    fc.assert(
      fc.property(near, ([method, input]) => {
        try {
          validateArguments(method, input);
        } catch (error) {
          assert.ok(error instanceof UserError, String(error));
        }
      }),
    );
  });
});

describe('fault codes (TR-069 A.5)', () => {
  it('include 9000 to 9032 and 8000 to 8006', () => {
    for (let code = 9000; code <= 9032; code++) assert.equal(faults.get(code)?.side, 'cpe', String(code));
    for (let code = 8000; code <= 8006; code++) assert.equal(faults.get(code)?.side, 'acs', String(code));
    assert.equal(faults.size, 40);
    assert.equal(faultText(9005), 'Invalid parameter name');
    assert.equal(faultText(9800), 'Vendor-specific fault');
    assert.equal(faultText(9400), 'Unknown fault');
    assert.equal(faultSide(9003), 'Client');
    assert.equal(faultSide(9800), 'Server');
  });

  it('are reduced to the shorter list of transfers and deployment units (A.3.3.2)', () => {
    assert.equal(codeFor('1-0', 9018, 'transfer'), 9010);
    assert.equal(codeFor('1-1', 9018, 'transfer'), 9018);
    assert.equal(codeFor('1-2', 9013, 'transfer'), 9010);
    assert.equal(codeFor('1-2', 9003, 'transfer'), 9002);
    assert.equal(codeFor('1-2', 0, 'transfer'), 0);
    assert.equal(codeFor('1-2', 9002, 'deploymentUnit'), 9001);
    assert.equal(codeFor('1-2', 8001, 'parameter'), 9002);
  });
});

describe('versions and namespaces (TR-069 3.7.4)', () => {
  it('use one namespace for 1.2, 1.3 and 1.4, and accept 1-3 and 1-4', () => {
    assert.equal(namespaceFor('1.0'), '1-0');
    assert.equal(namespaceFor('1.4'), '1-2');
    assert.equal(namespaceOf(namespaceUri('1-4')), '1-4');
    assert.equal(namespaceOf('urn:dslforum-org:cwmp-1-9'), undefined);
  });

  it("show a CPE's version in its Inform", () => {
    assert.equal(inferVersion({ namespace: '1-0' }), '1.0');
    assert.equal(inferVersion({ namespace: '1-2' }), '1.2');
    assert.equal(inferVersion({ namespace: '1-2', sessionTimeout: 60 }), '1.3');
    assert.equal(inferVersion({ namespace: '1-2', supportedVersions: ['1.0', '1.4', '1.9'] }), '1.4');
    assert.equal(inferVersion({ namespace: '1-3' }), '1.3');
    assert.equal(chooseVersion(['2.0']), undefined);
  });

  it('allow a method from its version on', () => {
    assert.ok(speaks('1-0', '1.0') && !speaks('1-0', '1.1') && speaks('1-4', '1.2') && !speaks('1-1', '1.2'));
  });
});
